"""Explanation of a prediction: energies by term, atom and fragment, and interaction energies."""
