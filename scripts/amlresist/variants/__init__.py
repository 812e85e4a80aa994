"""The variants station."""
