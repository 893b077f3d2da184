"""Model weights: their sources, the readers of their files, and the store of weight sets.

`fetch` downloads the published weights, `importing` converts models of other programs, `store`
keeps and finds weight sets. Files of other programs are pickles: `pickles`, `flax_pickle` and
`torch_archive` read them without running code in them, `layouts` maps their arrays to sundog's,
and `names` lists the arrays that a model must have. Nothing here needs jax.
"""
