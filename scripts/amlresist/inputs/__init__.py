"""The inputs station."""
