"""Interfaces through which other programs call sundog."""
