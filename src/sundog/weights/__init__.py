"""Model weights: where they come from, how they are read safely, where they are kept.

`fetch` brings the published weights, `importing` converts what a user has, `store` keeps and
finds weight sets. Files from elsewhere are pickles: `pickles`, `flax_pickle` and
`torch_archive` read them without running anything in them, `layouts` renames and turns their
arrays into sundog's, and `names` says which arrays a model must have. Nothing here needs jax.
"""
