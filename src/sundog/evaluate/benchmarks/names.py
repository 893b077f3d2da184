"""Names of the benchmarks; nothing is imported, so that help is immediate."""

BENCHMARKS = (
    "sapt10k",
    "s66x8",
    "s22",
    "ncia",
    "torsionnet500",
    "qm7b",
    "alphaml",
    "md22",
    "dimer-curves",
    "invariance",
    "smoothness",
    "extensivity",
    "charge-transfer",
    "liquid-water",
    "polyalanine",
    "speed",
)
"""Names of the benchmarks; the file of each is in this folder, with `_` for `-`."""

SIMULATIONS = ("liquid-water", "polyalanine", "speed")
"""Benchmarks in which the model moves atoms; float32 is accurate enough for them."""

SUITES = {
    "quick": (
        "s22",
        "s66x8",
        "dimer-curves",
        "invariance",
        "smoothness",
        "extensivity",
        "charge-transfer",
    ),
    "paper": ("sapt10k", "s66x8", "torsionnet500", "qm7b", "alphaml"),
    "full": BENCHMARKS,
}
"""Benchmarks of each suite. `quick` takes minutes and needs no data but for s66x8; `paper` has the
sets of the article on SO3LR."""
