"""`Choices`: what a user may choose of an analysis, as flags and keywords at once."""

from dataclasses import dataclass

from sundog.bounds import check_fields
from sundog.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Choices:
    """Choices of an analysis."""

    from_ps: float | None = None
    """Time in ps from which on frames count; by default where the energies are equilibrated."""
    to_ps: float | None = None
    """Time in ps up to which frames count; by default the end."""
    every: int = 1
    """Frames from one that counts to the next."""
    selection: str | None = None
    """Atoms in mdtraj's language, for the observables of a selection: density profiles, RMSD,
    RMSF, radius of gyration, clusters, principal components."""
    pairs: tuple[str, ...] = ()
    """Pairs of g(r), as "element O,element H": two selections with a comma between; by default all
    pairs of the heavy elements of molecules, and oxygen with hydrogen."""
    reach_angstrom: float = 10.0
    """Largest distance of g(r) in Å, at most half the width of the cell."""
    bin_angstrom: float = 0.05
    """Width of the bins of distances in Å."""
    temperature_kelvin: float | None = None
    """Temperature in K where the run does not tell it."""
    viscosity_mpa_s: float | None = None
    """Viscosity in mPa·s for the correction of diffusion; by default that of the run, if its
    logged stress gives one."""
    correlation_ps: float = 5.0
    """Longest time of correlation functions in ps."""
    window_ps: float = 1.0
    """Length of the window of spectra in ps; the resolution is 1/(2cT)."""
    clusters_angstrom: float = 1.0
    """RMSD in Å within which frames belong to a cluster."""
    dihedral: tuple[str, ...] = ()
    """Dihedrals by four numbers of atoms from 0, as "4,6,8,14"."""
    coverage_reference: str | None = None
    """File of `sundog coverage SET --save`, whose environments a run is compared with."""
    seed: int = 0
    """Seed of what is drawn at random, as bootstrap samples."""

    def __post_init__(self):
        """Refuse values out of their bounds, and an end before the beginning.

        Raises:
            InputError: naming the field, its value and what is accepted.
        """
        check_fields(self)
        if None not in (self.from_ps, self.to_ps) and self.to_ps <= self.from_ps:  # pyright: ignore[reportOperatorIssue]
            raise InputError(
                "to_ps: the end is before the beginning",
                got=f"from_ps {self.from_ps:g}, to_ps {self.to_ps:g}",
            )
