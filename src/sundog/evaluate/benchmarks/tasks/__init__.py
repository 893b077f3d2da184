"""Kinds of tasks that benchmarks are made of, each with its way of scoring."""
