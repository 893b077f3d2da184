"""Labelled sets: their readers, their labels and the names of their keys."""
