"""Predictions for given structures."""
