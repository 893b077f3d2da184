"""Physical energy terms. One file a term; each sees only `AtomicProperties` and distances."""
