"""The benchmarks, by name; nothing is imported, so that help is immediate."""

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
"""Each is the file of its name in this folder, with _ for -."""

SIMULATIONS = ("liquid-water", "polyalanine", "speed")
"""Those in which the model moves atoms, for which float32 is enough."""

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
"""Quick takes minutes and needs no data but for s66x8; paper has sets of the article on SO3LR."""
