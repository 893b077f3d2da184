"""Names of the observables, and where each is; nothing is imported before one is asked for."""

from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING

from sundog.errors import InputError

if TYPE_CHECKING:
    from sundog.analysis.observable import AbstractObservable

OBSERVABLES = {
    "engine": "health.engine:Engine",
    "model": "health.model:ModelHealth",
    "contacts": "health.contacts:CloseContacts",
    "coverage": "health.uncovered:Uncovered",
    "rdf": "liquids.rdf:RadialDistributions",
    "density": "liquids.density:DensityProfiles",
    "msd": "liquids.msd:Diffusion",
    "viscosity": "liquids.viscosity:Viscosity",
    "dielectric": "liquids.dielectric:Dielectric",
    "hbonds": "liquids.hydrogen_bonds:HydrogenBonds",
    "tetrahedral": "liquids.tetrahedral:TetrahedralOrder",
    "bonds": "molecules.bonds:BondLengths",
    "angles": "molecules.bonds:BondAngles",
    "dihedrals": "molecules.dihedrals:Dihedrals",
    "ramachandran": "molecules.ramachandran:Ramachandran",
    "clusters": "molecules.clusters:Clusters",
    "rmsd": "proteins.rmsd:Deviation",
    "rmsd-matrix": "proteins.rmsd_matrix:DeviationMatrix",
    "rmsf": "proteins.rmsf:Fluctuation",
    "gyration": "proteins.gyration:Gyration",
    "dssp": "proteins.secondary_structure:SecondaryStructure",
    "native-contacts": "proteins.contacts:Contacts",
    "pca": "proteins.components:PrincipalComponents",
    "umap": "proteins.umap:Map",
    "vdos": "spectra.vibrations:Vibrations",
    "infrared": "spectra.infrared:Infrared",
    "puckers": "sugars.puckers:Puckers",
    "linkages": "sugars.linkages:Linkages",
    "lipid-area": "bilayers.areas:Areas",
    "bilayer-profile": "bilayers.profiles:BilayerProfiles",
    "order-parameters": "bilayers.order:OrderParameters",
}
"""Module and class of each observable by its name, in the order in which they are shown."""


def check_names(names: Sequence[str]) -> None:
    """Refuse names of no observable.

    Raises:
        InputError: a name is unknown, or stands there twice.
    """
    for name in names:
        if name not in OBSERVABLES:
            close = get_close_matches(name, OBSERVABLES, 1)
            raise InputError(
                "what: no observable has this name",
                got=repr(name),
                expected=", ".join(OBSERVABLES),
                remedy=f"Perhaps {close[0]} is meant" if close else None,
            )
    if len(set(names)) < len(names):
        raise InputError("what: an observable twice", got=", ".join(names))


def observable(name: str) -> type["AbstractObservable"]:
    """Return the class of an observable."""
    module, kind = OBSERVABLES[name].split(":")
    return getattr(import_module(f"sundog.analysis.{module}"), kind)
