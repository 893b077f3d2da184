"""Accuracy of models: benchmarks, labelled sets, and suites of several models."""
