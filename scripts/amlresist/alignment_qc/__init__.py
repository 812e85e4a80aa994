"""Alignment QC station: coverage, identity and contamination of a patient's DNA libraries."""
