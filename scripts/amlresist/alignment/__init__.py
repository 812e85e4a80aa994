"""Alignment station: FASTQ to duplicate-marked BAM; given BAM and CRAM linked and indexed."""
