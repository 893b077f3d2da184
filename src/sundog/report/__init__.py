"""Reports: one page that says what was run, whether it can be trusted, and what it shows."""
