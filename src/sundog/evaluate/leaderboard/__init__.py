"""Suites of benchmarks for several models: the outcome, and the page about it."""
