"""Pair lists: their construction, their geometry and their updates."""
