"""ASE calculators of other models, as factories for `sundog evaluate --calculator`.

    PYTHONPATH=benchmarks/peers .venv-peers/bin/sundog evaluate --suite quick \
        --calculator GFN2-xTB=calculators:gfn2

Benchmarks say the total charge of a structure by `atoms.info["charge"]`, which most calculators
do not look at. Each adapter hands it over the way its model wants it.
"""

from typing import Any


def gfn2() -> Any:
    """Return GFN2-xTB (Bannwarth et al., JCTC 2019, doi:10.1021/acs.jctc.8b01176) by tblite."""
    from ase.calculators.calculator import all_changes
    from tblite.ase import TBLite

    class WithCharge(TBLite):
        """Takes the total charge from the structure; converges tightly, for differences."""

        def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
            charge = int(atoms.info.get("charge", 0))
            if self.parameters.charge != charge:
                self.set(charge=charge)
            super().calculate(atoms, list(properties), system_changes)

    return WithCharge(method="GFN2-xTB", accuracy=0.01, charge=0, verbosity=0)


def so3krates_torch() -> Any:
    """Return SO3LR by so3krates-torch in float64, all pairs, as for molecules."""
    from so3krates_torch.calculator.so3 import SO3LRCalculator

    return SO3LRCalculator(r_max_lr=None, default_dtype="float64")
