"""Files that are read and written: structures, trajectories and tables."""
