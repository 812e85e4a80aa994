"""The alignment_qc station."""
