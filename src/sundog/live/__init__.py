"""The page of a run that is going on, served on this machine alone by a process of its own."""
