"""Observables of sugars: shapes of rings and angles of their links."""
