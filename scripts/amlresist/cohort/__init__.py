"""Cohort tables: every patient's tables together, and what only the cohort can tell."""
