"""The sum of network and physics, and the one place that differentiates it."""
