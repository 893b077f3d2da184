"""Whatever `prepare` is asked for, built."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from sundog.errors import InputError, StructureError
from sundog.io.topologies import topology_from_atoms
from sundog.prepare.biomolecules.choices import StructureChoices
from sundog.prepare.built import Built
from sundog.prepare.request import SolventChoices, Source

KINDS = ("sequence", "smiles", "box", "system")
"""Fields of `Source` that say what is built."""


def build(
    file: Path | None, source: Source, residues: StructureChoices, water: SolventChoices, seed: int
) -> Built:
    """Return what was asked for, in water if that was asked for too.

    Args:
        file: Structure file, or None where `source` says what is built.
        source: Thing that is built.
        residues: Choices about PDB and mmCIF files; `ph` and `termini` also of sequences.
        water: Water around it; of boxes the edge and the vacuum.
        seed: Seed of everything that is random.

    Raises:
        InputError: Nothing is to be built, or several things; a setting is not read.
    """
    kinds = [name for name in KINDS if getattr(source, name) is not None]
    if len(kinds) + (file is not None) != 1:
        raise InputError(
            "prepare: one thing is built at a time",
            got=" and ".join([*([str(file)] if file else []), *kinds]) or "nothing",
            expected="a structure file, `sequence`, `smiles`, `box` or `system`",
        )
    kind = kinds[0] if kinds else None
    source.refuse_others(kind)
    if kind in ("box", "system"):
        return _periodic(kind, source, residues, water, seed)
    in_water = water.wanted
    if file is not None:
        from sundog.prepare.files import built_from_file

        built = built_from_file(file, residues, in_water=in_water, seed=seed)
    else:
        built = _molecule(kind, source, residues, in_water, seed)
    if in_water:
        from sundog.prepare.solvation import solvated

        built = solvated(built, water, seed)
    return _relaxed(built) if residues.relax == "amber" and (in_water or file is None) else built


def _relaxed(built: Built) -> Built:
    """Return a structure with clashes removed, and that decision; its bonds stay what they are."""
    from sundog.prepare.relaxing.amber import relaxed

    said: list[str] = []
    pairs = topology_from_atoms(built.atoms).pairs
    atoms = relaxed(built.atoms, pairs, said.append)
    if not np.array_equal(topology_from_atoms(atoms).pairs, pairs):
        raise StructureError(
            "relax: bonds have formed or broken",
            remedy="Leave relax out; a run relaxes with its own forces where told to minimise",
        )
    return Built(atoms, (*built.decisions, *said))


def _molecule(
    kind: str | None, source: Source, residues: StructureChoices, in_water: bool, seed: int
) -> Built:
    """Return a peptide or a molecule."""
    if residues != StructureChoices(ph=residues.ph, termini=residues.termini, relax=residues.relax):
        raise InputError("settings of residues: they are for PDB and mmCIF files", got=kind)
    if kind == "smiles":
        from sundog.prepare.molecules import build_smiles

        assert source.smiles is not None
        if residues != StructureChoices():
            raise InputError("ph, termini: a SMILES says its own charges", remedy="Leave them out")
        return build_smiles(source.smiles, seed=seed)
    from sundog.prepare.peptides.sequences import build_sequence

    assert source.sequence is not None
    charged = residues.termini == "charged" or (residues.termini == "auto" and in_water)
    return build_sequence(
        source.sequence,
        phi_degrees=source.phi_degrees,
        psi_degrees=source.psi_degrees,
        helix=source.helix,
        extended=source.extended,
        ph=residues.ph,
        termini="charged" if charged else "neutral",
    )


def _periodic(
    kind: str, source: Source, residues: StructureChoices, water: SolventChoices, seed: int
) -> Built:
    """Return a box of a mixture, or a system by name."""
    allowed = SolventChoices()
    if kind == "box":
        allowed = SolventChoices(
            edge_angstrom=water.edge_angstrom, vacuum_angstrom=water.vacuum_angstrom
        )
    if water != allowed or residues != StructureChoices():
        raise InputError(
            f"{kind}: choices about water around it or residues are not read here",
            remedy="Leave them out",
        )
    if kind == "system":
        from sundog.prepare.systems import build_system

        assert source.system is not None
        return build_system(source.system, source.molecules, seed)
    from sundog.prepare.mixtures import build_mixture

    assert source.box is not None
    return build_mixture(
        source.box,
        total=source.molecules,
        density_g_per_cm3=source.density_g_per_cm3,
        edge_angstrom=water.edge_angstrom,
        vacuum_angstrom=water.vacuum_angstrom,
        seed=seed,
    )


def asked_for(
    file: Path | None, source: Source, residues: StructureChoices, water: SolventChoices, seed: int
) -> Mapping[str, Any]:
    """Return what was asked for beside the defaults, by name.

    Args:
        file: Structure file, or None.
        source: Thing that is built.
        residues: Choices about PDB and mmCIF files.
        water: Water around it.
        seed: Seed of everything that is random.
    """
    defaults = asdict(Source()) | asdict(StructureChoices()) | asdict(SolventChoices())
    asked = asdict(source) | asdict(residues) | asdict(water)
    told = {name: value for name, value in asked.items() if value != defaults[name]}
    return {"structure": None if file is None else file.name, **told, "seed": seed}
