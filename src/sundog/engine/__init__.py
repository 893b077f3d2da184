"""The engine: states, propagators, ensembles and the loop that runs them."""
