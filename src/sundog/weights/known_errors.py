"""Groups of atoms that published weights are known to get wrong.

Each range is that of the mean absolute errors of forces in eV/Å, published weights with `exact`
electrostatics in float64, against PBE0/def2-TZVP without dispersion (which is below 0.01 eV/Å
here), of a few small molecules and ions near their GFN2-xTB minimum, each displaced once at random
by 0.04 Å. One displacement each: they tell classes, not digits. Groups below 0.1 eV/Å are left out;
what proteins, sugars and ordinary organic molecules are made of has 0.01 to 0.04.
"""

from collections.abc import Mapping

from sundog.perception.blind_spots import blind_spots
from sundog.perception.perceive import Perception
from sundog.topology.topology import Topology
from sundog.weights.fetch import obtain
from sundog.weights.published import PUBLISHED

_SO3LR = {
    "phosphate": (0.11, 0.53),  # dimethyl phosphate, H2PO4-, H3PO4
    "trivalent phosphorus": (0.73, 3.9),  # CH3PH2, CH2PH, HPO, CHP
    "phosphorus with halogen": (0.42, 1.7),  # POCl3, PF5, HPO3F-, POF3
    "phosphonium": (0.53, 0.53),
    "pentavalent phosphorus other than phosphate": (0.36, 0.94),  # CH3PO3H2, (CH3)3PO, CH3PH2O
    "S(IV), as sulfoxide": (0.24, 0.57),  # DMSO, SO2, sulfinic acid
    "S(VI), as sulfone, sulfonamide or sulfate": (0.14, 1.8),  # sulfamide, mesylate, HSO4-, SO3
    "sulfur with halogen": (0.16, 2.2),  # CH3SCl, SOCl2, CH3SO2F, SF6, SF4
    "CS2 or OCS": (0.61, 0.85),
    "nitro or nitrite group": (0.26, 0.45),  # CH3NO2, HONO
    "nitroso group": (0.35, 0.35),
    "nitrate": (0.9, 0.9),
    "N-oxide": (0.61, 0.71),  # N2O, HCNO
    "azide": (0.38, 0.38),
    "nitrogen with multiple bonds to nitrogen": (0.23, 0.61),  # CH2N2, N2O
    "nitrogen with a single bond to oxygen": (0.16, 0.16),  # NH2OH
    "nitrogen with halogen": (1.1, 1.5),  # NCl3, ClNO, NF3
    "oxygen with halogen": (0.42, 1.5),  # HOCl, Cl2O, HOF, OF2
    "oxygen with oxygen": (0.13, 0.33),  # H2O2, CH3OOH, O3
    "halogen with halogen": (0.19, 1.3),  # Cl2, ClF, F2
    "halogen at a multiple bond": (0.11, 0.3),  # C2H3F, C2H3Cl, C2HCl, COCl2
    "carbon with three or four halogens": (0.1, 0.13),  # CHFCl2, CF4, CCl4
    "cumulated double bonds": (0.2, 0.24),  # ketene, allene, HNCO
    "nitrile": (0.12, 0.14),  # cyanamide, cyanogen, HCN
    "cyanide or isocyanide": (0.18, 0.56),  # CH3NC, CN-
    "hydroxide": (0.28, 0.28),
}
"""Lowest and highest error of each class of `perception/blind_spots.py`."""

KNOWN_ERRORS: Mapping[str, Mapping[str, tuple[float, float]]] = {
    PUBLISHED["so3lr"].identity: _SO3LR,
}
"""Errors of groups by the identity of the weights, the `sha256` of their card."""


def known_errors(identity: str) -> Mapping[str, tuple[float, float]]:
    """Return the errors of groups that weights are known to get wrong; of most none is known.

    Args:
        identity: SHA-256 of the weights, as in their card.
    """
    return KNOWN_ERRORS.get(identity, {})


def weak_spots(
    topology: Topology, perception: Perception | None, model: str | None = None
) -> list[str]:
    """Return a line about the groups of a structure that weights are known to get wrong.

    Args:
        topology: Topology of the structure.
        perception: Its valences, or None where they are not known.
        model: Name or path of the weights.
    """
    if perception is None:
        return []
    return blind_spots(topology, perception, known_errors(obtain(model).card["sha256"]))
