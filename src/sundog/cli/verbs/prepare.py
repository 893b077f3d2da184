"""`sundog prepare`: structures to simulate, from files, sequences, SMILES, mixtures and names."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from sundog.cli.flags import flat
from sundog.cli.options import locked, refuse_existing
from sundog.errors import InputError
from sundog.prepare.biomolecules.choices import StructureChoices
from sundog.prepare.request import SolventChoices, Source

app = App(name="prepare", help="Build structures to simulate.")


@app.default
def prepare(
    structure: Path | None = None,
    /,
    *,
    output: Annotated[Path, Parameter(alias="-o")],
    source: Annotated[Source, flat("Instead of a file")] = Source(),  # noqa: B008
    residues: Annotated[StructureChoices, flat("PDB and mmCIF files")] = StructureChoices(),  # noqa: B008
    water: Annotated[SolventChoices, flat("Water around it")] = SolventChoices(),  # noqa: B008
    seed: int = 0,
    overwrite: bool = False,
) -> None:
    """Make a structure ready to simulate, in a folder that `sundog md` takes.

    What is missing is built, and everything that was chosen is printed and written down. The
    packages for it are those of `pip install 'sundog[prepare]'`. Without them there are
    `prepare water` and `prepare polyalanine`.

    Parameters
    ----------
    structure
        Structure file: PDB and mmCIF files are completed, molecules of others taken as they are.
    output
        Folder to write.
    seed
        Seed of all that is random; the same command gives the same files.
    overwrite
        Replace what was prepared in the folder before.
    """
    from sundog.prepare.build import asked_for, build
    from sundog.prepare.folder import check_folder, write_folder

    check_folder(output, overwrite)
    if structure is not None and not structure.is_file():
        raise InputError(
            f"{structure}: there is no such file",
            remedy="Check the path; a SMILES is given with --smiles, a sequence with --sequence",
        )
    with locked(output):
        check_folder(output, overwrite)
        built = build(structure, source, residues, water, seed)
        for line in built.decisions:
            print(line)
        run = f"sundog md {output} -o RUN --minimize"
        inputs = [] if structure is None else [structure]
        write_folder(
            output, built, asked_for(structure, source, residues, water, seed), inputs, run
        )
        print(
            f"Wrote {len(built.atoms)} atoms, charge {built.atoms.info['charge']:+d} e, to {output}"
        )
        print(f"To run it: {run}")


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

    with locked(output):
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
    from sundog.prepare.peptides.polyalanine import polyalanine

    with locked(output):
        refuse_existing(output, overwrite)
        atoms = polyalanine(residues, phi_degrees, psi_degrees)
        write_extxyz(output, atoms)
        print(f"Wrote polyalanine of {residues} residues, {len(atoms)} atoms, to {output}")
