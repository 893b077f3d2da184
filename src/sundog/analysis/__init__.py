"""Analysis of runs: plots, means with their errors, and properties of liquids."""
