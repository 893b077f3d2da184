"""What a prediction is made of: terms, atoms, fragments, and what binds two of them."""
