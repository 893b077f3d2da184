"""Copy the reference arrays that the tests need into tests/golden.

python scripts/make_golden.py REFERENCE_FOLDER
"""

import sys
from pathlib import Path

import numpy as np

CHOSEN = {
    "molecules_nocut.npz": ("CH4", "NO2", "CH3CONH2", "SO2", "HCCl3", "CF4", "PH3", "O2", "CO"),
    "molecules_lr12.npz": ("CH3CONH2",),
    "ions_nocut.npz": ("CC(=O)[O-]", "NC(=[NH2+])N"),
    "biomolecules_nocut.npz": ("atat", "acala15nme_folded"),
    "biomolecules_lr12.npz": ("acala15nme_folded",),
    "periodic_ewald.npz": ("water64_triclinic", "water64_hydroxide"),
    "periodic_lr12.npz": ("water64", "water64_triclinic"),
}
"""Names of the structures that are copied, by the file in which they are."""


def main() -> None:
    source = Path(sys.argv[1])
    arrays = {}
    for file, names in CHOSEN.items():
        stored = np.load(source / file)
        for name in names:
            found = [key for key in stored.files if key.rsplit("/", 1)[0] == name]
            if not found:
                sys.exit(f"{name} is not in {file}")
            for key in found:
                arrays[f"{file.removesuffix('.npz')}/{key}"] = stored[key]
    target = Path(__file__).parents[1] / "tests" / "golden" / "reference.npz"
    np.savez_compressed(target, **arrays)
    print(f"{len(arrays)} arrays, {target.stat().st_size / 1e3:.0f} kB -> {target}")


if __name__ == "__main__":
    main()
