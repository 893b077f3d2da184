"""Who meets whom: pair lists, their geometry and their upkeep."""
