"""`sundog prepare`: build structures to simulate."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from sundog.cli.options import refuse_existing

app = App(name="prepare", help="Build structures to simulate.")


@app.command
def water(
    *,
    output: Annotated[Path, Parameter(alias="-o")],
    molecules: int = 512,
    density_g_per_cm3: float = 1.0,
    seed: int = 0,
    overwrite: bool = False,
) -> None:
    """Build a periodic cube of water, molecules on a lattice in random orientations.

    Parameters
    ----------
    output
        Extended XYZ file to write.
    molecules
        Number of water molecules.
    density_g_per_cm3
        Density in g/cm³.
    seed
        Seed of the orientations.
    overwrite
        Replace an existing output file.
    """
    from sundog.io.extxyz import write_extxyz
    from sundog.prepare.water import water_box

    refuse_existing(output, overwrite)
    atoms = water_box(molecules, density_g_per_cm3, seed)
    write_extxyz(output, atoms)
    length = atoms.cell.lengths()[0]
    print(f"Wrote {molecules} water molecules in a cube of {length:.3f} Å to {output}")


@app.command(name="polyalanine")
def build_polyalanine(
    *,
    output: Annotated[Path, Parameter(alias="-o")],
    residues: int = 15,
    phi_degrees: float = 180.0,
    psi_degrees: float = 180.0,
    overwrite: bool = False,
) -> None:
    """Build CH3CO-(Ala)n-NHCH3 with the same backbone angles in all residues.

    Parameters
    ----------
    output
        Extended XYZ file to write.
    residues
        Number of residues.
    phi_degrees
        Backbone angle φ in degrees; -57 with ψ -47 makes an α helix, 180 and 180 extend the chain.
    psi_degrees
        Backbone angle ψ in degrees.
    overwrite
        Replace an existing output file.
    """
    from sundog.io.extxyz import write_extxyz
    from sundog.prepare.polyalanine import polyalanine

    refuse_existing(output, overwrite)
    atoms = polyalanine(residues, phi_degrees, psi_degrees)
    write_extxyz(output, atoms)
    print(f"Wrote polyalanine of {residues} residues, {len(atoms)} atoms, to {output}")
