"""What the verbs print and draw: summaries, tables, progress."""
