"""Several models on several benchmarks: the outcome, and the page about it."""
