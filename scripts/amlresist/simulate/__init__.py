"""The simulate station."""
