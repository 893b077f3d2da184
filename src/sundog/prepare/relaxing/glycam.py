"""Names that GLYCAM has for sugars within a glycan, by their component and what they are bonded to.

    place of the links   0 none, 1 to 9 one, Z to P several: 2,3 is Z, 2,4 Y, 2,6 X, 3,4 W, …
    sugar                a letter, small for L
    ring and anomer      A, B of pyranoses: α, β

as 4YB, a β-D-N-acetylglucosamine linked at O4 (Kirschner et al., J. Comput. Chem. 29, 622 (2008),
doi:10.1002/jcc.20820; names: glycam.org).
"""

SUGARS = {
    "NAG": ("Y", "B"), "NDG": ("Y", "A"), "NGA": ("V", "B"), "A2G": ("V", "A"),
    "MAN": ("M", "A"), "BMA": ("M", "B"), "GLC": ("G", "A"), "BGC": ("G", "B"),
    "GLA": ("L", "A"), "GAL": ("L", "B"), "FUC": ("f", "A"), "FUL": ("f", "B"),
    "XYS": ("X", "A"), "XYP": ("X", "B"), "RAM": ("h", "A"), "SIA": ("S", "A"),
}  # fmt: skip
"""Letter of the sugar and of its anomer by the name of the component: pyranoses."""

ANOMERIC = {"SIA": "C2"}
"""Name of the anomeric carbon where it is not C1."""

LINKS = {
    "": "0", "1": "1", "2": "2", "3": "3", "4": "4", "6": "6", "8": "8", "9": "9",
    "23": "Z", "24": "Y", "26": "X", "34": "W", "36": "V", "46": "U",
    "234": "T", "236": "S", "246": "R", "346": "Q", "2346": "P",
}  # fmt: skip
"""Letter of the places of the links."""

AMINO_ACIDS = {("ASN", "ND2"): "NLN", ("SER", "OG"): "OLS", ("THR", "OG1"): "OLT"}
"""Names of amino acids that carry a glycan, by the atom that does."""


def sugar_name(residue: str, linked: set[str]) -> str | None:
    """Return GLYCAM's name of a sugar within a glycan, or None where it has none.

    Args:
        residue: Name of the component.
        linked: Names of its atoms that are bonded to other residues.
    """
    anomer = ANOMERIC.get(residue, "C1")
    if residue not in SUGARS or anomer not in linked:
        return None
    others = sorted(linked - {anomer})
    if any(len(name) != 2 or name[0] != "O" for name in others):
        return None
    place = LINKS.get("".join(name[1] for name in others))
    letter, kind = SUGARS[residue]
    return None if place is None else f"{place}{letter}{kind}"


def carrier_name(residue: str, linked: set[str]) -> str | None:
    """Return GLYCAM's name of an amino acid that carries a glycan, or None for others.

    Args:
        residue: Name of the amino acid.
        linked: Names of its atoms that are bonded to other residues.
    """
    return next(
        (name for (one, atom), name in AMINO_ACIDS.items() if one == residue and atom in linked),
        None,
    )
