"""Command line. Nothing here imports JAX before a verb has to compute."""
