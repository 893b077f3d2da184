"""Make `mdanalysis.npz`: trajectories, and what MDAnalysis says of them.

    python make_mdanalysis.py inputs      with sundog: a peptide that shakes, atoms in a tilted cell
    python make_mdanalysis.py results     with MDAnalysis 2.11.0 (made on 28 November 2026)

The trajectories are random numbers about a helix of `sundog prepare`, and uniform random numbers:
nothing of them is from elsewhere. MDAnalysis: Gowers et al., Proc. 15th Python in Science Conf. 98
(2016), doi:10.25080/Majora-629e541a-00e. It is no dependency of the tests.
"""

import sys
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("mdanalysis.npz")
FRAMES = 24


def inputs() -> None:
    from sundog.analysis.atoms import backbone
    from sundog.io.topologies import topology_from_atoms
    from sundog.prepare.peptides.polyalanine import polyalanine

    atoms = polyalanine(12, -57.0, -47.0)
    residues = backbone(topology_from_atoms(atoms))
    random = np.random.default_rng(1)
    shaken = atoms.positions + 0.12 * random.normal(size=(FRAMES, *atoms.positions.shape))
    # The second half unfolds along z, and every frame is turned and moved.
    shaken[FRAMES // 2 :, :, 2] *= 1.3
    for k in range(FRAMES):
        turn = np.linalg.qr(random.normal(size=(3, 3)))[0]
        shaken[k] = shaken[k] @ (turn * np.sign(np.linalg.det(turn))) + 10 * random.normal(size=3)
    cell = np.array([[15.0, 0, 0], [-5.0, 14.0, 0], [-5.0, -6.0, 13.0]])
    walk = (
        np.cumsum(0.3 * random.normal(size=(60, 40, 3)), axis=0)
        + random.uniform(size=(40, 3)) @ cell
    )
    np.savez_compressed(
        FILE,
        numbers=atoms.numbers.astype(np.int16),
        masses=atoms.get_masses(),
        peptide=shaken.astype(np.float32),
        backbone=np.array([(one.n, one.ca, one.c, one.o) for one in residues]),
        cell=cell,
        walk=walk.astype(np.float32),
    )


def results() -> None:
    import MDAnalysis
    from MDAnalysis.analysis import align, dihedrals, dssp, msd, rdf, rms
    from MDAnalysis.lib.mdamath import triclinic_box

    with np.load(FILE) as held:
        data = {name: held[name] for name in held.files if not name.startswith("out_")}
    atoms, residues = len(data["numbers"]), data["backbone"]
    flat = residues.ravel()
    whole = MDAnalysis.Universe.empty(atoms, trajectory=True)
    whole.add_TopologyAttr("masses", data["masses"])
    whole.load_new(data["peptide"].copy())
    heavy = whole.atoms[np.flatnonzero(data["numbers"] > 1)]
    spine = MDAnalysis.Universe.empty(
        len(flat),
        len(residues),
        atom_resindex=np.repeat(np.arange(len(residues)), 4),
        trajectory=True,
    )
    spine.add_TopologyAttr("names", ["N", "CA", "C", "O"] * len(residues))
    spine.add_TopologyAttr("resnames", ["ALA"] * len(residues))
    spine.add_TopologyAttr("resids", np.arange(1, len(residues) + 1))
    spine.add_TopologyAttr("segids", ["A"])
    spine.add_TopologyAttr("masses", np.ones(len(flat)))
    spine.load_new(data["peptide"][:, flat].copy())
    out = {"rmsd": rms.RMSD(spine, spine, select="all").run().results.rmsd[:, 2]}
    out["gyration"] = np.array([whole.atoms.radius_of_gyration() for _ in whole.trajectory])
    rama = dihedrals.Ramachandran(spine.select_atoms("resid 2-11")).run().results.angles
    out["phi"], out["psi"] = rama[..., 0], rama[..., 1]
    out["dssp"] = dssp.DSSP(spine, guess_hydrogens=True).run().results.dssp
    alpha = spine.select_atoms("name CA")
    align.AlignTraj(spine, spine, select="name CA", in_memory=True, ref_frame=0).run()
    out["rmsf"] = rms.RMSF(alpha).run().results.rmsf
    gas = MDAnalysis.Universe.empty(40, trajectory=True)
    box = triclinic_box(*data["cell"])
    gas.load_new(data["walk"].copy(), dimensions=np.tile(box, (len(data["walk"]), 1)))
    one, other = gas.atoms[:20], gas.atoms[20:]
    found = rdf.InterRDF(one, other, nbins=12, range=(0.0, 6.0), norm="rdf").run()
    out["rdf"], out["rdf_counts"] = found.results.rdf, found.results.count
    out["msd"] = msd.EinsteinMSD(gas, select="all", fft=False).run().results.timeseries
    del heavy
    np.savez_compressed(FILE, **data, **{f"out_{name}": value for name, value in out.items()})
    print({name: (value.shape, value.ravel()[:3]) for name, value in out.items()})


if __name__ == "__main__":
    {"inputs": inputs, "results": results}[sys.argv[1]]()
