"""The driver that sums pair terms over a pair list.

Long-range lists are long: energies and derivatives are formed in chunks that fit
the cache, and recomputed in the backward pass instead of stored, so that memory does
not grow with the number of pairs.
"""

from collections.abc import Callable, Sequence
from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from sundog.errors import InputError
from sundog.neighbors.pairs import PairList, edges
from sundog.properties import AtomicProperties
from sundog.system import System
from sundog.terms.base import AbstractPairTerm
from sundog.typing import Cells, PerAtom, PerPair

CHUNK_OF_PAIRS = 32768
"""Pairs per chunk: about 1 MB of live float32 temporaries."""


def term_energies(
    terms: Sequence[AbstractPairTerm],
    atoms: AtomicProperties,
    system: System,
    pairs: PairList,
    strain: Cells,
) -> dict[str, PerAtom]:
    """Return the energy in eV that each term gives to each atom, half of every pair.

    Args:
        terms: energy terms.
        atoms: properties the terms depend on.
        system: positions and cell.
        pairs: a list that holds at least the pairs within the terms' cutoffs.
        strain: strain per structure, to differentiate by.
    """
    dtype = atoms.energies.dtype
    sites = sites_by_term(terms, atoms)

    def of_pairs(chunk: PairList) -> dict[str, PerPair]:
        distances = edges(system, chunk, strain, dtype).distances
        i = jax.tree.map(chunk.at_receivers, sites)
        j = jax.tree.map(chunk.at_senders, sites)
        found = {
            term.name: term.pair(distances, i[term.name], j[term.name]).astype(dtype)
            for term in terms
        }
        return {name: jnp.where(chunk.mask, 0.5 * one, 0.0) for name, one in found.items()}

    energies = _map_chunks(of_pairs, pairs)

    def of_atoms(one: PerPair) -> PerAtom:
        shares = [way.sum_over_senders(one, system.number_of_atoms) for way in pairs.directions]
        return sum(shares[1:], start=shares[0])

    return {
        term.name: of_atoms(energies[term.name]) + term.self_energy(atoms).astype(dtype)
        for term in terms
    }


def sites_by_term(
    terms: Sequence[AbstractPairTerm], atoms: AtomicProperties
) -> dict[str, PyTree[PerAtom]]:
    """Return what each term needs of the atoms, in the precision of their properties.

    Args:
        terms: energy terms of different names.
        atoms: properties that the terms depend on.

    Raises:
        InputError: sites that are not arrays of real numbers, one for each atom.
    """

    def cast(term: AbstractPairTerm, site: Array) -> PerAtom:
        if site.shape != atoms.numbers.shape or not jnp.issubdtype(site.dtype, jnp.floating):
            raise InputError(
                f"term {term.name}: its sites are not what a pair sum can take",
                got=f"{site.dtype} {list(site.shape)}",
                expected=f"arrays of real numbers, one for each of {len(atoms.numbers)} atoms",
                remedy="Convert integers, and return the columns of a matrix one by one",
            )
        return site.astype(atoms.energies.dtype)

    return {term.name: jax.tree.map(partial(cast, term), term.sites(atoms)) for term in terms}


def _map_chunks(
    of_pairs: Callable[[PairList], dict[str, PerPair]], pairs: PairList
) -> dict[str, PerPair]:
    """Return `of_pairs(pairs)`, formed chunk by chunk when the list is long."""
    count = pairs.i.shape[0]
    chunks = -(-count // CHUNK_OF_PAIRS)
    if chunks <= 1 or len(pairs.directions) > 1:
        return of_pairs(pairs)
    size = -(-count // chunks)
    padding = chunks * size - count

    def split(array: Array) -> Array:
        array = jnp.pad(array, [(0, padding)] + [(0, 0)] * (array.ndim - 1))
        return array.reshape(chunks, size, *array.shape[1:])

    columns = tuple(split(column) for column in (pairs.i, pairs.j, pairs.shift, pairs.mask))
    energies = jax.lax.map(jax.checkpoint(lambda chunk: of_pairs(PairList(*chunk))), columns)
    return jax.tree.map(lambda values: values.reshape(-1)[:count], energies)
