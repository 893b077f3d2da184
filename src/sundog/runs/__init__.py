"""Runs: from settings and a structure to a recorded trajectory, resumable."""
