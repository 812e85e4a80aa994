"""The flt3_itd station."""
