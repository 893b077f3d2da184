"""Summaries, tables and figures that the verbs print and draw."""
