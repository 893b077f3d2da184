"""What a run's numbers say: plots, means and their errors."""
