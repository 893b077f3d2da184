"""SO3krates network, which maps `System` and pairs to `AtomicProperties`."""
