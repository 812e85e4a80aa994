"""The cohort's findings in the formats of other programs."""
