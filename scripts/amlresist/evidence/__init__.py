"""The evidence station."""
