"""Observables that a report shows: health first, then those that fit what the system is made of."""

from collections.abc import Mapping, Sequence
from typing import Any

from sundog.analysis.atoms import backbone, solute, waters
from sundog.analysis.carry_out import Analysis, NothingFitsError, analyze
from sundog.analysis.choices import Choices
from sundog.analysis.names import OBSERVABLES
from sundog.analysis.recording import Recording

HEALTH = ("engine", "contacts", "model")
"""Observables of the health of a run."""

LIQUID = ("rdf", "hbonds", "tetrahedral", "msd", "density", "viscosity", "dielectric")
"""Observables of liquids."""

MOLECULE = ("ramachandran", "dihedrals", "bonds", "angles", "clusters", "infrared", "vdos")
"""Observables of molecules."""

PROTEIN = (
    "dssp", "rmsd", "rmsf", "gyration", "ramachandran", "native-contacts", "rmsd-matrix", "hbonds",
    "pca",
)  # fmt: skip
"""Observables of peptides and proteins."""

SUGAR, BILAYER = ("puckers", "linkages"), ("lipid-area", "bilayer-profile", "order-parameters")
"""Observables of sugars and of bilayers; they say themselves whether there are any."""

LONG_PEPTIDE = 4
"""Number of residues from which on a peptide has a secondary structure."""


def chosen(recordings: Sequence[Recording]) -> list[str]:
    """Return the names of the observables that fit what all systems are made of."""
    names = dict.fromkeys(HEALTH)
    topologies = [one.topology for one in recordings]
    if all(len(backbone(one)) >= LONG_PEPTIDE for one in topologies):
        names |= dict.fromkeys(PROTEIN)
    elif all(len(solute(one)) for one in topologies):
        names |= dict.fromkeys(MOLECULE)
    names |= dict.fromkeys((*SUGAR, *BILAYER))
    if all(one.is_periodic and waters(one.topology).any() for one in recordings):
        names |= dict.fromkeys(LIQUID)
    elif all(one.is_periodic for one in recordings):
        names |= dict.fromkeys(("rdf", "density", "msd"))
    names |= dict.fromkeys(("infrared", "vdos"))
    return [name for name in OBSERVABLES if name in names]


def carry_out(
    recordings: Sequence[Recording], what: Sequence[str], choices: Choices, report: Any
) -> tuple[Analysis | None, dict[str, str]]:
    """Carry out observables; those that do not fit are left out, unless they were asked for.

    Args:
        recordings: runs.
        what: names that were asked for; by default those that fit.
        choices: choices of the user.
        report: function that is called with lines on the way.

    Raises:
        InputError: an observable that was asked for does not fit.

    Returns:
        the analysis, None if nothing fits, and reasons by the names of what was left out.
    """
    if what:
        return analyze(recordings, what, choices, report), {}
    try:
        analysis = analyze(recordings, (), choices, report, among=chosen(recordings))
    except NothingFitsError as error:
        return None, _reasons(error.left_out)
    return analysis, _reasons(analysis.left_out)


def _reasons(left_out: Mapping[str, str]) -> dict[str, str]:
    return {name: why.removeprefix(f"{name}: ") for name, why in left_out.items()}
