"""Propagators: one file each, one factor of a Trotter splitting each."""
