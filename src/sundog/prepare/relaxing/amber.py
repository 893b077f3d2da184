"""Relaxation with Amber's force fields in OpenMM: ff14SB, OL15, OL3, TIP3P, and GLYCAM for glycans.

Residues that these have no template of stand still: they are obstacles of Lennard-Jones spheres
without charge, and so do the atoms that are bonded to them. The relaxation removes clashes and
nothing else: it is a local minimisation in which springs hold the heavy atoms where they were, as
in vacuum side chains of opposite charge would fold together. One thread and forces summed in one
order: the same structure gives the same bytes.

Maier et al., J. Chem. Theory Comput. 11, 3696 (2015), doi:10.1021/acs.jctc.5b00255; spheres:
Wang et al., J. Comput. Chem. 25, 1157 (2004), doi:10.1002/jcc.20035, table of the parameters.
"""

from collections.abc import Callable, Sequence
from io import StringIO
from typing import Any, NamedTuple
from xml.sax.saxutils import quoteattr

import numpy as np
from ase import Atoms
from jaxtyping import Bool, Float, Int

from sundog.elements import symbol
from sundog.errors import StructureError
from sundog.numerics.heights import heights
from sundog.prepare.built import residue_starts
from sundog.prepare.extras import require
from sundog.prepare.relaxing.glycam import SUGARS, carrier_name, sugar_name
from sundog.topology.residue_names import CAPS, NUCLEOTIDES, WATERS, amino_acid

Report = Callable[[str], None]

PURPOSE = "relaxing with Amber"
"""Purpose of OpenMM, in messages."""

FORCE_FIELDS = ("amber14-all.xml", "amber14/tip3p.xml")
"""Files of the force fields, as OpenMM names them."""

GLYCAM = "amber14/GLYCAM_06j-1.xml"
"""File of the force field of glycans, which is loaded where there are any."""

SPHERES = {
    "H": (0.265, 0.0657), "C": (0.340, 0.360), "N": (0.325, 0.711), "O": (0.300, 0.879),
    "F": (0.312, 0.255), "P": (0.374, 0.837), "S": (0.356, 1.046), "Cl": (0.347, 1.109),
}  # fmt: skip
"""Diameter σ in nm and depth ε in kJ/mol of the spheres that stand still."""

CUTOFF = 0.9
"""Cutoff in nm of the nonbonded forces in cells."""

SPRING = 1000.0
"""Constant in kJ/mol/nm² of the springs that hold heavy atoms; 2.4 kcal/mol/Å²."""

VOLUME, HANDEDNESS = 0.0025, 1e8
"""Least triple product at an α carbon in nm³, and the constant of the force below it, kJ/mol/nm⁶.

N, C and Cβ about Cα of L-amino acids have 0.0026 nm³.
"""

STEPS = 500
"""Largest number of steps of the minimisation."""

LISTED = 6
"""Number of residues that a message names."""


class _Residues(NamedTuple):
    """Residues of a structure, for OpenMM.

    Attributes:
        starts: First atom of each, and the number of atoms.
        of_atom: Residue of each atom.
        names: Name of each.
        labels: Each in words.
        linked: Names of the atoms of each that are bonded to other residues.
    """

    starts: Int[np.ndarray, " edges"]
    of_atom: Int[np.ndarray, " atoms"]
    names: list[str]
    labels: list[str]
    linked: list[set[str]]


def relaxed(
    atoms: Atoms,
    pairs: Sequence[tuple[int, int]] | Int[np.ndarray, "pairs 2"],
    report: Report,
    *,
    free: Bool[np.ndarray, " atoms"] | None = None,
) -> Atoms:
    """Return a structure with positions at a minimum of Amber's energy.

    Args:
        atoms: Structure with names; periodic with lattice vectors in lower triangular form, or not.
        pairs: Bonded atoms.
        report: Called with lines about what stood still, and how far the others have moved.
        free: Whether an atom is held by no spring, as those that were built; by default none is
            free but hydrogens.

    Raises:
        StructureError: No residue has a template, or the energy is no number.
        UnavailableError: OpenMM is not installed.
    """
    app = require("openmm.app", PURPOSE)
    residues = _residues(atoms, pairs)
    topology, members = _topology(atoms, pairs, residues)
    field, templates, fixed = _force_field(atoms, pairs, residues, members)

    def unknown(field: Any, residue: Any) -> bool:
        fixed.append(residue.index)
        _add_spheres(field, atoms, pairs, residues, residue.index)
        return True

    field.registerTemplateGenerator(unknown)
    periodic = bool(atoms.pbc.all())
    method = {"nonbondedMethod": app.NoCutoff}
    if periodic:
        height = float(heights(atoms.cell.array).min()) / 10  # nm
        method = {
            "nonbondedMethod": app.CutoffPeriodic,
            "nonbondedCutoff": min(CUTOFF, 0.49 * height),
        }
    system = field.createSystem(
        topology, residueTemplates=templates, constraints=None, rigidWater=False, **method
    )
    if len(fixed) == len(residues.names):
        raise StructureError(
            "relax: the force field has templates of no residue",
            got=", ".join(sorted(set(residues.names))[:LISTED]),
            expected="amino acids, nucleotides, water or glycans",
            remedy="Leave relax out; a run relaxes with its own forces where told to minimise",
        )
    still = _stand_still(residues, pairs, fixed)
    for k in np.flatnonzero(still).tolist():
        system.setParticleMass(k, 0.0)
    if free is not None and free.any():
        _add_handedness(system, atoms, residues, free & (atoms.numbers > 1))
    loose = (atoms.numbers == 1) | still
    _add_springs(system, atoms, np.flatnonzero(~loose if free is None else ~(loose | free)))
    positions = _minimised(system, atoms.positions)
    moved = atoms.copy()
    moved.positions[~still] = positions[~still]
    _describe(atoms, moved, still, [residues.labels[k] for k in sorted(set(fixed))], report)
    return moved


def _residues(atoms: Atoms, pairs: Any) -> _Residues:
    arrays, size = atoms.arrays, len(atoms)
    codes = arrays.get("insertioncodes", np.full(size, "."))
    labels = [arrays["chainids"], arrays["residuenumbers"], codes, arrays["residuenames"]]
    starts = residue_starts(*labels)
    index = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, size)))
    linked: list[set[str]] = [set() for _ in starts]
    for i, j in np.asarray(pairs).tolist():
        if index[i] != index[j]:
            linked[index[i]].add(str(arrays["atomtypes"][i]))
            linked[index[j]].add(str(arrays["atomtypes"][j]))
    words = [
        f"{arrays['residuenames'][k]} {arrays['chainids'][k]}:{arrays['residuenumbers'][k]}"
        for k in starts.tolist()
    ]
    names = [str(arrays["residuenames"][k]) for k in starts.tolist()]
    return _Residues(np.append(starts, size), index, names, words, linked)


def _topology(atoms: Atoms, pairs: Any, residues: _Residues) -> tuple[Any, list[Any]]:
    """Return the structure as OpenMM's topology, and its residues."""
    app = require("openmm.app", PURPOSE)
    topology = app.Topology()
    chain = topology.addChain()
    members, handles = [], []
    names = atoms.arrays["atomtypes"].tolist()
    for k, residue in enumerate(residues.names):
        members.append(topology.addResidue(residue, chain))
        for atom in range(residues.starts[k], residues.starts[k + 1]):
            element = app.Element.getByAtomicNumber(int(atoms.numbers[atom]))
            handles.append(topology.addAtom(names[atom], element, members[-1]))
    for i, j in np.asarray(pairs).tolist():
        topology.addBond(handles[i], handles[j])
    if atoms.pbc.all():
        topology.setPeriodicBoxVectors(_box(atoms.cell.array))
    return topology, members


def _box(cell: Float[np.ndarray, "3 3"]) -> Any:
    """Return lattice vectors in nm, reduced as OpenMM wants them."""
    a, b, c = cell / 10
    c = c - b * np.round(c[1] / b[1])
    c = c - a * np.round(c[0] / a[0])
    b = b - a * np.round(b[0] / a[0])
    vec = require("openmm", PURPOSE).Vec3
    return tuple(vec(*one.tolist()) for one in (a, b, c))


def _force_field(
    atoms: Atoms, pairs: Any, residues: _Residues, members: list[Any]
) -> tuple[Any, dict[Any, str], list[int]]:
    """Return the force field, templates by residue where names choose them, and who has none."""
    app = require("openmm.app", PURPOSE)
    glycans = any(name in SUGARS for name in residues.names)
    field = app.ForceField(*FORCE_FIELDS, *((GLYCAM,) if glycans else ()))
    _add_types(field)
    templates, fixed = {}, []
    for k, name in enumerate(residues.names):
        known = amino_acid(name) or name in NUCLEOTIDES or name in CAPS or name.upper() in WATERS
        template = sugar_name(name, residues.linked[k]) if name in SUGARS else None
        if amino_acid(name) and glycans:
            template = carrier_name(name, residues.linked[k])
        if template is not None:
            templates[members[k]] = template
        elif not known and name not in IONS:
            # By their graph alone, molecules might be taken for others.
            fixed.append(k)
            templates[members[k]] = _add_spheres(field, atoms, pairs, residues, k)
    return field, templates, fixed


IONS = ("CL",)
"""Names of residues of one atom with a template."""


def _add_types(field: Any) -> None:
    """Add the types of atoms that stand still."""
    types = "".join(
        f'<Type name="still-{one}" class="still-{one}" element="{one}" mass="1"/>'
        for one in SPHERES
    )
    spheres = "".join(
        f'<Atom type="still-{one}" sigma="{sigma}" epsilon="{epsilon}"/>'
        for one, (sigma, epsilon) in SPHERES.items()
    )
    field.loadFile(
        StringIO(
            f"<ForceField><AtomTypes>{types}</AtomTypes>"
            '<NonbondedForce coulomb14scale="0.8333333333333334" lj14scale="0.5">'
            f'<UseAttributeFromResidue name="charge"/>{spheres}</NonbondedForce></ForceField>'
        )
    )


def _add_spheres(field: Any, atoms: Atoms, pairs: Any, residues: _Residues, residue: int) -> str:
    """Add a template of a residue that stands still; return its name."""
    start, stop = residues.starts[residue], residues.starts[residue + 1]
    lines = [
        f'<Atom name="{k}" type="still-{symbol(int(atoms.numbers[k]))}" charge="0"/>'
        for k in range(start, stop)
    ]
    for i, j in np.asarray(pairs).tolist():
        inside = [start <= one < stop for one in (i, j)]
        if all(inside):
            lines.append(f'<Bond atomName1="{i}" atomName2="{j}"/>')
        elif any(inside):
            lines.append(f'<ExternalBond atomName="{i if inside[0] else j}"/>')
    name = f"still-{residue}"
    field.loadFile(
        StringIO(
            f"<ForceField><Residues><Residue name={quoteattr(name)}>{''.join(lines)}"
            "</Residue></Residues></ForceField>"
        )
    )
    return name


def _stand_still(residues: _Residues, pairs: Any, fixed: list[int]) -> Bool[np.ndarray, " atoms"]:
    """Return which atoms stand still: those without a template, and what is bonded to them."""
    own = np.isin(residues.of_atom, fixed)
    still = own.copy()
    for i, j in np.asarray(pairs).tolist():
        if own[i] or own[j]:
            still[[i, j]] = True
    return still


def _add_springs(system: Any, atoms: Atoms, held: Int[np.ndarray, " held"]) -> None:
    openmm = require("openmm", PURPOSE)
    square = "(x-x0)^2 + (y-y0)^2 + (z-z0)^2"
    if atoms.pbc.all():
        square = "periodicdistance(x, y, z, x0, y0, z0)^2"
    force = openmm.CustomExternalForce(f"{SPRING / 2}*({square})")
    for name in ("x0", "y0", "z0"):
        force.addPerParticleParameter(name)
    for k in held.tolist():
        force.addParticle(k, (atoms.positions[k] / 10).tolist())
    system.addForce(force)


def _add_handedness(
    system: Any, atoms: Atoms, residues: _Residues, built: Bool[np.ndarray, " atoms"]
) -> None:
    """Add a force that turns amino acids back into L where they were built inside out."""
    openmm = require("openmm", PURPOSE)
    arms = [f"{x}{k}-{x}2" for k in (1, 3, 4) for x in "xyz"]
    a, b, c = arms[:3], arms[3:6], arms[6:]
    cross = [f"(({b[k]})*({c[m]})-({b[m]})*({c[k]}))" for k, m in ((1, 2), (2, 0), (0, 1))]
    volume = "+".join(f"({one})*{other}" for one, other in zip(a, cross, strict=True))
    force = openmm.CustomCompoundBondForce(4, f"{HANDEDNESS}*max(0, {VOLUME} - v)^2; v = {volume}")
    for k, name in enumerate(residues.names):
        start, stop = residues.starts[k], residues.starts[k + 1]
        if not built[start:stop].any() or not amino_acid(name):
            continue
        at = {str(one): start + m for m, one in enumerate(atoms.arrays["atomtypes"][start:stop])}
        if {"N", "CA", "C", "CB"} <= at.keys():
            force.addBond([int(at[one]) for one in ("N", "CA", "C", "CB")], [])
    system.addForce(force)


def _minimised(
    system: Any, positions: Float[np.ndarray, "atoms 3"]
) -> Float[np.ndarray, "atoms 3"]:
    openmm, unit = require("openmm", PURPOSE), require("openmm.unit", PURPOSE)
    platform = openmm.Platform.getPlatformByName("CPU")
    context = openmm.Context(
        system,
        openmm.VerletIntegrator(0.001),
        platform,
        {"DeterministicForces": "true", "Threads": "1"},
    )
    context.setPositions(positions / 10)
    openmm.LocalEnergyMinimizer.minimize(context, maxIterations=STEPS)
    state = context.getState(getPositions=True, getEnergy=True)
    energy = state.getPotentialEnergy().value_in_unit(unit.kilojoule_per_mole)
    if not np.isfinite(energy):
        raise StructureError(
            "relax: the energy is no number",
            remedy="Atoms stand at one place: look at the lines about what was built",
        )
    return np.array(state.getPositions(asNumpy=True).value_in_unit(unit.angstrom))


def _describe(
    before: Atoms,
    after: Atoms,
    still: Bool[np.ndarray, " atoms"],
    fixed: Sequence[str],
    report: Report,
) -> None:
    heavy = (before.numbers > 1) & ~still
    away = np.linalg.norm(after.positions - before.positions, axis=1)
    rms = float(np.sqrt(np.mean(away[heavy] ** 2))) if heavy.any() else 0.0
    report(
        f"Relaxed with Amber in OpenMM: {np.count_nonzero(~still)} atoms, the heavy ones by "
        f"{rms:.2f} Å (RMS), at most {away[heavy].max(initial=0.0):.2f} Å"
    )
    if fixed:
        more = f" and {len(fixed) - LISTED} more" if len(fixed) > LISTED else ""
        report(
            f"Amber has no template of {len(fixed)} residues, which stand still: "
            f"{', '.join(fixed[:LISTED])}{more}"
        )
