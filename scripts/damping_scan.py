"""Scan the error of S66x8 interaction energies over the damping of electrostatics and dispersion.

Usage: python scripts/damping_scan.py DATA_FOLDER [--json OUT.json] [--figure OUT.png]

    E(σ, γ) = E_network + E_ZBL + Σ ke q_i q_j erf(r/σ)/r − Σ_n C_n/(rⁿ + R_d(γ)ⁿ)

Charges and Hirshfeld ratios do not depend on either parameter. The network is therefore evaluated
once and the two sums over pairs are scanned separately, which is cheap. The network was trained
with σ = 4 Å and γ = 1.2 and is not retrained at each point; the map therefore shows how much a
parameter matters, not which value would be best.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from scipy.special import erf

from sundog.constants import COULOMB
from sundog.data.keys import FRAGMENT, FRAGMENT_CHARGES
from sundog.evaluate.benchmarks import s66x8
from sundog.evaluate.benchmarks.tasks.dimers import Dimer
from sundog.forcefield.formulations.choice import with_kernels
from sundog.io.structures import system_from_atoms
from sundog.single_points.predict import predict
from sundog.terms.dispersion import unswitched
from sundog.units import KCAL_PER_MOL
from sundog.weights.load import load

jax.config.update("jax_enable_x64", True)

SIGMAS = np.linspace(3.0, 5.0, 21)
GAMMAS = np.linspace(1.0, 1.5, 21)
"""Grid of damping lengths σ in Å, and of factors γ of the dispersion's damping radius."""

PUBLISHED = 4.0, 1.2
"""Published values of σ in Å and of γ."""


@dataclass(frozen=True)
class Pairs:
    """Pairs of all structures in flat arrays.

    Attributes:
        structure: index of the structure of each pair.
        distances: distances in Å.
        charges: product of the two charges in e².
        polarizability: mean of the two polarisabilities in bohr³.
        c6: C6 coefficient of the pair in Ha·bohr⁶.
    """

    structure: np.ndarray
    distances: np.ndarray
    charges: np.ndarray
    polarizability: np.ndarray
    c6: np.ndarray

    def electrostatics(self, sigma: float, structures: int) -> np.ndarray:
        """Return the electrostatic energy of each structure in eV."""
        energies = COULOMB * self.charges * erf(self.distances / sigma) / self.distances
        return np.bincount(self.structure, energies, structures)

    def dispersion(self, gamma: float, structures: int) -> np.ndarray:
        """Return the dispersion energy of each structure in eV."""
        r, alpha, c6 = map(jnp.asarray, (self.distances, self.polarizability, self.c6))
        energies = unswitched(r, alpha, c6, gamma)
        return np.bincount(self.structure, np.asarray(energies), structures)


def ask(dimers: list[Dimer]) -> tuple[np.ndarray, Pairs, np.ndarray]:
    """Return the energies without both sums, the pairs, and the energies of the model, in eV.

    Dimers come first, then the same dimers with the monomers far apart.
    """
    force_field, _ = with_kernels(load(electrostatics="exact", precision="float64"), "auto")
    structures = [one.together() for one in dimers] + [one.separated() for one in dimers]
    systems = [
        system_from_atoms(
            atoms, fragments=(atoms.arrays[FRAGMENT], np.array(atoms.info[FRAGMENT_CHARGES], float))
        )
        for atoms in structures
    ]
    found = predict(force_field, systems)
    parts: list[list[np.ndarray]] = []
    for number, (atoms, one) in enumerate(zip(structures, found, strict=True)):
        i, j = np.triu_indices(len(atoms), 1)
        a, c = (np.asarray(one.polarizability), np.asarray(one.c6))
        q = np.asarray(one.partial_charges)
        c6 = 2 * c[i] * c[j] * a[i] * a[j] / (a[i] ** 2 * c[j] + a[j] ** 2 * c[i])
        distances = np.linalg.norm(atoms.positions[i] - atoms.positions[j], axis=1)
        parts.append([np.full(len(i), number), distances, q[i] * q[j], (a[i] + a[j]) / 2, c6])
    rest = [float(one.energies["so3krates"] + one.energies["zbl"]) for one in found]
    whole = np.array([float(one.energy) for one in found])
    return (
        np.array(rest),
        Pairs(*(np.concatenate(each) for each in zip(*parts, strict=True))),
        whole,
    )


def interaction(energies: np.ndarray) -> np.ndarray:
    """Return E(dimer) − E(apart) in kcal/mol."""
    together, apart = energies.reshape(2, -1)
    return (together - apart) / KCAL_PER_MOL


def scan(dimers: list[Dimer]) -> dict[str, np.ndarray]:
    """Return the mean absolute errors on the grid, of all dimers and of the shortest separation."""
    rest, pairs, whole = ask(dimers)
    count = len(whole)
    here = rest + pairs.electrostatics(PUBLISHED[0], count) + pairs.dispersion(PUBLISHED[1], count)
    deviation = np.abs(interaction(here) - interaction(whole)).max()
    if not deviation < 1e-6:
        raise SystemExit(f"the sums are not the model's: they deviate by {deviation} kcal/mol")
    base = interaction(rest) - np.array([dimer.reference for dimer in dimers])
    charges = np.array([interaction(pairs.electrostatics(sigma, count)) for sigma in SIGMAS])
    london = np.array([interaction(pairs.dispersion(gamma, count)) for gamma in GAMMAS])
    errors = base + charges[:, None] + london[None]
    near = np.array([dimer.labels["separation"] <= 0.95 for dimer in dimers])
    return {
        "all": np.abs(errors).mean(axis=-1),
        "close": np.abs(errors[..., near]).mean(axis=-1),
        "mean signed": errors.mean(axis=-1),
    }


def draw(path: Path, maps: dict[str, np.ndarray]) -> None:
    """Draw the maps, with marks at the published and at the best parameters."""
    figure = Figure(figsize=(11, 3.5), layout="constrained", dpi=100)
    FigureCanvasAgg(figure)
    titles = {
        "all": "mean absolute error, all separations",
        "close": "mean absolute error at 0.90 and 0.95",
        "mean signed": "mean signed error, all separations",
    }
    for axes, (name, values) in zip(figure.subplots(1, 3), maps.items(), strict=True):
        signed = name == "mean signed"
        limit = float(np.abs(values).max())
        scale = {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit} if signed else {"cmap": "viridis"}
        mesh = axes.pcolormesh(GAMMAS, SIGMAS, values, shading="gouraud", **scale)
        lines = axes.contour(GAMMAS, SIGMAS, values, 7, colors="#222222", linewidths=0.5)
        axes.clabel(lines, fontsize=6)
        axes.plot(
            PUBLISHED[1], PUBLISHED[0], "o", color="#ffffff", mec="#000000", label="published"
        )
        if not signed:
            i, j = np.unravel_index(values.argmin(), values.shape)
            axes.plot(GAMMAS[j], SIGMAS[i], "X", color="#ffffff", mec="#000000", label="lowest")
        axes.set(xlabel="γ of the dispersion", ylabel="σ of the charges, Å", title=titles[name])
        axes.title.set_fontsize(9)
        axes.legend(fontsize=7, loc="lower right")
        figure.colorbar(mesh, ax=axes, label="kcal/mol")
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("data", type=Path, help="folder with s66x8.extxyz")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--figure", type=Path)
    asked = parser.parse_args()
    maps = scan(s66x8.prepare(asked.data).dimers)
    place = (
        int(np.abs(SIGMAS - PUBLISHED[0]).argmin()),
        int(np.abs(GAMMAS - PUBLISHED[1]).argmin()),
    )
    for name, values in maps.items():
        print(
            f"{name}: {values[place]:.4f} kcal/mol at σ = {SIGMAS[place[0]]:g} Å, "
            f"γ = {GAMMAS[place[1]]:g}"
        )
        if name != "mean signed":
            i, j = np.unravel_index(values.argmin(), values.shape)
            print(f"    lowest {values[i, j]:.4f} at σ = {SIGMAS[i]:g} Å, γ = {GAMMAS[j]:g}")
    if asked.json is not None:
        axes = {"sigma_angstrom": SIGMAS.tolist(), "gamma": GAMMAS.tolist()}
        content = axes | {name: values.tolist() for name, values in maps.items()}
        asked.json.write_text(json.dumps(content) + "\n")
    if asked.figure is not None:
        draw(asked.figure, maps)


if __name__ == "__main__":
    main()
