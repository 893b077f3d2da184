"""What benchmarks ask of a model: the kinds of task, each with its way of scoring."""
