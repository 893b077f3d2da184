"""Predictions for given structures, their accuracy, and speed."""
