"""SO3LR: E = ZBL + SO3krates network + damped electrostatics + QDO dispersion.

Source: Kabylda et al., JACS 147, 33723 (2025), doi:10.1021/jacs.5c09558.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from sundog.elements import refuse_unsupported
from sundog.errors import CellError, InputError
from sundog.forcefield.base import AbstractForceField
from sundog.forcefield.derivatives import energy_and_derivatives
from sundog.forcefield.pair_sum import term_energies
from sundog.forcefield.prediction import Prediction
from sundog.hamiltonian import PUBLISHED_CUTOFF, Hamiltonian
from sundog.longrange.ewald import ewald_energies
from sundog.longrange.plan import Plan
from sundog.longrange.planned import apart
from sundog.longrange.planning import Ewald
from sundog.model.so3krates import So3krates
from sundog.names import ElectrostaticsName, Precision
from sundog.neighbors.base import Pairs, by_range
from sundog.neighbors.pairs import PairList, edges
from sundog.numerics.precision import whole_products
from sundog.numerics.segments import sum_per_system
from sundog.properties import AtomFeatures, AtomicProperties
from sundog.system import System
from sundog.terms.base import AbstractPairTerm
from sundog.terms.dispersion import Dispersion, c6_coefficients, polarizabilities
from sundog.terms.dispersion_tail import DispersionTail
from sundog.terms.electrostatics import ExactCoulomb, TruncatedCoulomb, WolfCoulomb
from sundog.terms.zbl import ZBL
from sundog.typing import Cells, PerAtom, PerSystem, Positions

Aux = tuple[dict[str, PerAtom], AtomFeatures, AtomicProperties]


class ForceField(AbstractForceField):
    """The SO3LR force field; made by `sundog.load` or `assemble`.

    Attributes:
        network: the SO3krates network.
        short_terms: terms summed over the network's own pairs.
        long_terms: terms summed over the long-range pairs.
        hamiltonian: choices behind it: treatment of the charges, cutoff, precision, weights.
        ewald: the sum in reciprocal space, which with `ewald` takes the place of a pair term.
        tail: the dispersion beyond the cutoff in the mean, where that is wanted.
        long_weight: weight of the long range in forces and virial, see `weighted`.
    """

    network: So3krates
    short_terms: tuple[AbstractPairTerm, ...]
    long_terms: tuple[AbstractPairTerm, ...]
    hamiltonian: Hamiltonian = eqx.field(static=True)
    ewald: Ewald | None = None
    tail: DispersionTail | None = None
    long_weight: float = eqx.field(static=True, default=1.0)

    def __check_init__(self):
        """Refuse terms that would not all be counted, or not as far as they reach."""
        self.check_terms()

    def check_terms(self) -> None:
        """Refuse terms that would not all be counted, or not as far as they reach.

        Raises:
            InputError: two terms of one name, by which energies are told apart, or a term whose
                `cutoff` is beyond that of its pairs.
        """
        names = ["so3krates", *(term.name for term in (*self.short_terms, *self.long_terms))]
        names += ["electrostatics"] if self.ewald is not None else []
        names += [self.tail.name] if self.tail is not None else []
        ((name, count),) = Counter(names).most_common(1)
        if count > 1:
            raise InputError(
                f"extra_terms: {count} terms have one name, and all but one would be lost",
                got=name,
                expected="a name of its own for each term",
                remedy="Give the class of the added term another `name`, or leave the other out",
            )
        reaches = self.cutoffs
        for terms, reach in ((self.short_terms, "short"), (self.long_terms, "long")):
            for term in terms:
                own = getattr(term, "cutoff", 0.0)
                if isinstance(own, float | int) and own > reaches[reach]:
                    raise InputError(
                        f"extra_terms: the term {term.name} reaches beyond the pairs that it is "
                        "summed over",
                        got=f"{own:g} Å",
                        expected=f"a cutoff of at most {reaches[reach]:g} Å",
                        remedy="Sum it over the long range, or use a longer cutoff_angstrom",
                    )

    @property
    def cutoffs(self) -> dict[str, float]:
        """Cutoffs in Å: `short` for network and ZBL, `long` for electrostatics and dispersion."""
        return {"short": self.network.hyperparameters.cutoff, "long": self.cutoff}

    @property
    def formulation(self) -> str:
        """`reference`."""
        return "reference"

    @property
    def electrostatics(self) -> ElectrostaticsName:
        """Treatment of the charges: `exact`, `truncated`, `wolf` or `ewald`."""
        return self.hamiltonian.electrostatics

    @property
    def cutoff(self) -> float:
        """Long-range cutoff in Å, infinite with `exact`."""
        return self.hamiltonian.reach

    @property
    def model_name(self) -> str:
        """Name of the weights."""
        return self.hamiltonian.model or "unnamed"

    @property
    def own_terms_alone(self) -> bool:
        """Whether all terms are sundog's own, so that its version says how they are computed."""
        terms = (*self.short_terms, *self.long_terms)
        return all(type(term).__module__.startswith("sundog.terms.") for term in terms)

    @property
    def precision(self) -> Precision:
        """Precision of parameters and arithmetic."""
        return self.hamiltonian.precision

    def check(self, system: System) -> None:
        """Raise when an element is unknown or the cell does not suit the treatment (host only)."""
        refuse_unsupported(np.unique(np.asarray(system.numbers)).tolist(), self.model_name)
        if self.electrostatics == "exact" and np.asarray(system.pbc).any():
            raise CellError(
                "electrostatics: `exact` sums all pairs of a molecule; a periodic system has "
                "infinitely many",
                got="pbc with exact",
                remedy='Use electrostatics="truncated" (as the published simulations), "wolf" or '
                '"ewald", or set pbc to false',
            )
        if self.ewald is not None:
            self.ewald.check(system)
        if self.tail is not None:
            self.tail.check(system)

    def plan(self, system: System) -> Plan | None:
        """Return the plan of the plain sum over images with `ewald` (host only)."""
        return None if self.ewald is None else self.ewald.plan_sum(system)

    def weighted(self, weight: float) -> "ForceField":
        """Return it with electrostatics and dispersion counted `weight` times in the forces."""
        return replace(self, long_weight=float(weight))

    @whole_products
    def __call__(self, system: System, pairs: Pairs) -> Prediction:
        """Return energies, forces, virial and atomic properties (pure, jittable)."""
        systems = system.number_of_systems
        listed, plan = apart(pairs)
        lists = by_range(listed)

        def energy(positions: Positions, strain: Cells) -> tuple[PerSystem, Aux]:
            return self._energy(system.at(positions), lists, plan, strain)

        _, forces, virial, (per_atom, features, atoms) = energy_and_derivatives(
            energy, system.positions, systems
        )
        return predicted(
            system, per_atom, forces=forces, virial=virial, features=features, atoms=atoms
        )

    def contributions(
        self, system: System, pairs: Pairs
    ) -> tuple[dict[str, PerAtom], AtomicProperties]:
        """Return the energy in eV that each term gives to each atom, and the atoms' properties.

        A pair gives half of its energy to each of its atoms (pure, jittable, differentiable).
        """
        listed, plan = apart(pairs)
        lists = by_range(listed)
        strain = jnp.zeros((system.number_of_systems, 3, 3), system.positions.dtype)
        _, (per_atom, _, atoms) = self._energy(system, lists, plan, strain)
        return per_atom, atoms

    def _energy(
        self, system: System, pairs: Mapping[str, PairList], plan: Plan | None, strain: Cells
    ) -> tuple[PerSystem, Aux]:
        # Here too, because a tree can be edited after its construction.
        self.check_terms()
        short = edges(system, pairs["short"], strain, self.network.dtype)
        features = self.network.features(system, pairs["short"], short)
        atoms = self.network.properties(features, system)
        near = {
            "so3krates": atoms.energies,
            **term_energies(self.short_terms, atoms, system, pairs["short"], strain),
        }
        far = (
            {} if self.long_weight == 0 else self._far_energies(atoms, system, pairs, plan, strain)
        )
        counted = [*near.values(), *(self.long_weight * one for one in far.values())]
        total = sum(counted, start=jnp.zeros_like(atoms.energies))
        energies = sum_per_system(total, system.system_index, system.number_of_systems)
        return energies, (near | far, features, atoms)

    def _far_energies(
        self,
        atoms: AtomicProperties,
        system: System,
        pairs: Mapping[str, PairList],
        plan: Plan | None,
        strain: Cells,
    ) -> dict[str, PerAtom]:
        per_atom = term_energies(self.long_terms, atoms, system, pairs["long"], strain)
        if self.ewald is not None and plan is not None:
            energies = ewald_energies(atoms.partial_charges, system, strain, plan, self.ewald.sigma)
            per_atom["electrostatics"] = energies.astype(atoms.energies.dtype)
        if self.tail is not None:
            energies = self.tail.energies(polarizabilities(atoms), system, strain)
            per_atom[self.tail.name] = energies.astype(atoms.energies.dtype)
        return per_atom


def predicted(
    system: System,
    per_atom: Mapping[str, PerAtom],
    *,
    forces: Positions,
    virial: Cells,
    features: AtomFeatures,
    atoms: AtomicProperties,
) -> Prediction:
    """Return the prediction made of per-atom energies by term and their derivatives.

    Args:
        system: structures.
        per_atom: energies of each atom in eV, by name of the term.
        forces: forces in eV/Å.
        virial: dE/dε in eV.
        features: last representation of each atom.
        atoms: charges and ratios.
    """
    systems, index = system.number_of_systems, system.system_index
    energies = {name: sum_per_system(e, index, systems) for name, e in per_atom.items()}
    names = iter(energies.values())
    charges = atoms.partial_charges.astype(system.positions.dtype)
    places = system.positions + system.origin[index]
    return Prediction(
        energy=sum(names, start=next(names)),
        forces=forces,
        # Symmetric but for the last bit, which depends on the order of sums.
        virial=0.5 * (virial + virial.swapaxes(1, 2)),
        volume=system.volume,
        energies=dict(energies),
        partial_charges=atoms.partial_charges,
        hirshfeld_ratios=atoms.hirshfeld_ratios,
        polarizability=polarizabilities(atoms),
        c6=c6_coefficients(atoms),
        dipole=sum_per_system(charges[:, None] * places, index, systems),
        features=features,
    )


def assemble(
    network: So3krates,
    zbl: ZBL,
    hamiltonian: Hamiltonian,
    *,
    extra_terms: Sequence[AbstractPairTerm] = (),
) -> ForceField:
    """Make a force field of a network and the physical terms.

    Args:
        network: the SO3krates network.
        zbl: the learned nuclear repulsion.
        hamiltonian: treatment and precision; its `model` is the name of the weights.
        extra_terms: further pair terms, summed over the long-range pairs.

    Raises:
        InputError: a cutoff within the short range, two terms of one name, or a term that reaches
            beyond the long-range pairs.
    """
    h = network.hyperparameters
    cutoff = hamiltonian.reach
    if cutoff <= h.cutoff:
        raise InputError(
            "cutoff_angstrom: the long range must reach beyond the network's own cutoff",
            got=f"{cutoff} Å",
            expected=f"a finite number above {h.cutoff} Å",
            remedy=f"Use {PUBLISHED_CUTOFF:g} Å, as published",
        )
    coulomb: tuple[AbstractPairTerm, ...] = ()
    ewald = None
    match hamiltonian.electrostatics:
        case "exact":
            coulomb = (ExactCoulomb(h.coulomb_sigma),)
        case "truncated":
            coulomb = (TruncatedCoulomb(h.coulomb_sigma, cutoff),)
        case "wolf":
            coulomb = (WolfCoulomb(TruncatedCoulomb(h.coulomb_sigma, cutoff)),)
        case "ewald":
            ewald = Ewald(h.coulomb_sigma, hamiltonian.ewald_accuracy)
    tail = DispersionTail(h.dispersion_damping, cutoff) if hamiltonian.dispersion_tail else None
    force_field = ForceField(
        network=network,
        short_terms=(zbl,),
        long_terms=(*coulomb, Dispersion(h.dispersion_damping, cutoff), *extra_terms),
        hamiltonian=hamiltonian,
        ewald=ewald,
        tail=tail,
    )
    return astype(force_field, hamiltonian.precision)


def astype(force_field: ForceField, precision: Precision) -> ForceField:
    """Return the force field with its parameters in another precision."""
    cast = jax.tree.map(
        lambda leaf: leaf.astype(precision) if eqx.is_inexact_array(leaf) else leaf, force_field
    )
    return replace(cast, hamiltonian=replace(cast.hamiltonian, precision=precision))
