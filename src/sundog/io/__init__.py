"""Files in and out: structures, trajectories, tables and the directory of a run."""
