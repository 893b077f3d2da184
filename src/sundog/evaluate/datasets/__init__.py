"""Predictions compared with the labels of a set of structures."""
