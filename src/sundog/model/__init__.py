"""The SO3krates network: `System` and pairs in, `AtomicProperties` out."""
