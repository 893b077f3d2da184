"""ASE calculators of other models, as factories for `sundog evaluate --calculator`.

    PYTHONPATH=benchmarks/peers .venv-peers/bin/sundog evaluate --suite quick \
        --calculator GFN2-xTB=calculators:gfn2

Benchmarks say the total charge of a structure by `atoms.info["charge"]`, which most calculators
do not look at. Each adapter hands it over the way its model wants it.
"""

from typing import Any

LONG_RANGE_ANGSTROM = 1e5
"""Of so3krates-torch, which has no sum without a cutoff."""


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
    """Return SO3LR by so3krates-torch in float64; its long range reaches all pairs."""
    from so3krates_torch.calculator.so3 import SO3LRCalculator

    class WithCharges(SO3LRCalculator):
        """Gives its partial charges the name that ASE has for them."""

        def __init__(self):
            super().__init__(r_max_lr=LONG_RANGE_ANGSTROM, default_dtype="float64")
            self.implemented_properties = [*self.implemented_properties, "charges"]

        def calculate(self, *arguments, **settings):
            super().calculate(*arguments, **settings)
            self.results["charges"] = self.results["partial_charges"]

    return WithCharges()
