"""sundog inside other programs."""
