"""Inputs station: check everything that was given before anything heavy, report all at once."""
