"""The alignment station."""
