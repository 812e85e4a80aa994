"""The expression station."""
