"""Reference energies of the elements, fitted to the structures for training.

E_A ≈ Σ_Z n_Z(A) e_Z   by least squares; what is trained is E_A − Σ_Z n_Z e_Z
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from sundog.data.records import Gathered, Record, Records, Tags
from sundog.elements import symbol
from sundog.errors import InputError


def fit_references(records: Records, numbers: np.ndarray) -> dict[int, float]:
    """Return the reference energy of each element in eV, by atomic number.

    Elements that always come together share what cannot be told apart (the least norm).

    Args:
        records: structures.
        numbers: numbers of those to fit, of which those with an energy are used.
    """
    # Normal equations, so that memory does not grow with the number of structures.
    most = 119
    gram, right = np.zeros((most, most)), np.zeros(most)
    for number in numbers.tolist():
        one = records[number]
        energy = one.labels.get("energy")
        if energy is None or np.isnan(energy):
            continue
        counts = np.bincount(one.numbers, minlength=most).astype(float)
        gram += np.outer(counts, counts)
        right += counts * float(energy)
    present = np.flatnonzero(np.diag(gram))
    found = np.linalg.lstsq(gram[np.ix_(present, present)], right[present], rcond=1e-12)[0]
    return dict(zip(present.tolist(), found.tolist(), strict=True))


class Referred:
    """Structures whose energies are those above references of the elements."""

    def __init__(self, records: Records, references: Mapping[int, float], checked: np.ndarray):
        """Take references off.

        Args:
            records: structures.
            references: energies of the elements in eV, by atomic number.
            checked: numbers of structures that need references for all their elements.

        Raises:
            InputError: a structure has an energy and an element without a reference.
        """
        self._records, self._references = records, references
        for number in checked.tolist():
            one = records[number]
            odd = sorted({*one.numbers.tolist()} - references.keys())
            if odd and "energy" in one.labels:
                raise InputError(
                    f"energy_reference: no structure for training has {symbol(odd[0])}",
                    got=one.name,
                    expected="references of all elements",
                    remedy='Train on structures with this element, or use energy_reference="'
                    'composition"',
                )

    def __len__(self) -> int:
        """Return the number of structures."""
        return len(self._records)

    def __getitem__(self, number: int) -> Record:
        """Return a structure; errors are those of `Records`."""
        one = self._records[number]
        energy = one.labels.get("energy")
        if energy is None:
            return one
        base = sum(self._references.get(z, np.nan) for z in one.numbers.tolist())
        return replace(one, labels={**one.labels, "energy": np.asarray(energy) - base})

    def tags(self, numbers: np.ndarray) -> Tags:
        """Return hashes and groups of structures of these numbers."""
        return self._records.tags(numbers)

    def gather(self, numbers: np.ndarray, quantities: Sequence[str]) -> Gathered:
        """Return structures of these numbers, in this order, with some of their labels."""
        found = self._records.gather(numbers, quantities)
        if "energy" not in quantities:
            return found
        table = np.full(256, np.nan)
        table[[*self._references]] = [*self._references.values()]
        first = np.cumsum(found.counts) - found.counts
        base = np.add.reduceat(table[found.numbers], first)
        return found._replace(labels={**found.labels, "energy": found.labels["energy"] - base})
