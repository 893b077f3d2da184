"""Liquids that are known by name, and their densities.

Densities at 25 °C and 1 bar, rounded to 1 mg/cm³, as in the table of laboratory solvents of the CRC
Handbook of Chemistry and Physics, 97th ed. (2016), section 15; water from section 6.
"""

from typing import NamedTuple


class Liquid(NamedTuple):
    """Pure liquid.

    Attributes:
        smiles: SMILES of the molecule.
        density: Density in g/cm³.
        residue: Name of its residues.
    """

    smiles: str
    density: float
    residue: str


WATER = "water"
"""Name of water, which is built with its own geometry."""

LIQUIDS = {
    WATER: Liquid("O", 0.997, "HOH"),
    "methanol": Liquid("CO", 0.787, "MOH"),
    "ethanol": Liquid("CCO", 0.785, "EOH"),
    "acetone": Liquid("CC(C)=O", 0.785, "ACN"),
    "acetonitrile": Liquid("CC#N", 0.777, "CCN"),
    "benzene": Liquid("c1ccccc1", 0.873, "BNZ"),
    "toluene": Liquid("Cc1ccccc1", 0.862, "MBN"),
    "chloroform": Liquid("ClC(Cl)Cl", 1.479, "MCH"),
    "dichloromethane": Liquid("ClCCl", 1.318, "DCM"),
    "dimethylsulfoxide": Liquid("CS(C)=O", 1.096, "DMS"),
    "hexane": Liquid("CCCCCC", 0.655, "HEX"),
    "cyclohexane": Liquid("C1CCCCC1", 0.774, "CHX"),
    "tetrahydrofuran": Liquid("C1CCOC1", 0.882, "THF"),
}
"""Liquids by name."""
