"""The mirna station."""
