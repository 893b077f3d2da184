"""Run the statistical checks of the ensembles and write their results to docs/validation.md.

Usage: python scripts/validate.py [PREFIX …] [--output FILE]
All checks run when no prefix is given, including those that need the published weights.
"""

import argparse
import sys
import time
from pathlib import Path

import jax

jax.config.update("jax_enable_x64", True)

ROOT = Path(__file__).parents[1]
"""Root of the repository."""

sys.path.insert(0, str(ROOT / "tests"))

from statistical.checks import CHECKS, WITH_WEIGHTS  # noqa: E402
from statistical.measuring import LARGEST_DEVIATION, Row  # noqa: E402

HEADER = f"""# Validation

Measured, not claimed: what thermostats, barostats and integrators sample, against what theory
says they must. A row agrees when found and expected differ by less than {LARGEST_DEVIATION:g}
standard errors and, where there is one, a known systematic error of the timestep. The standard
errors come from the scatter of independent replicas; "σ" rows are tests of a whole distribution
and say by how many standard errors it is off.

Repeat all of it with one command, `python scripts/validate.py`; the same checks, without those
that need the published weights, are tests: `pytest -m slow tests/statistical`. What theory
expects is derived where it is measured, in `tests/statistical/`. Where several processes share
few cores, pin it to one of them (`taskset -c 0`), for which it is then several times faster.

Not here: the ideal gas under Martyna, Tobias and Klein's equations with Nosé–Hoover chains where
the cell may change its shape. Chains alone are not ergodic for atoms that feel nothing; with
flexible coupling Var(PV/kT) came out as 9.9 ± 0.4 instead of 8. With Langevin's noise in the place
of the atoms' chain the same equations are checked in all couplings. The density of water, which
takes hours, is in [electrostatics.md](electrostatics.md).

"""
"""Text at the beginning of docs/validation.md."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("prefixes", nargs="*", default=[""])
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "validation.md")
    settings = parser.parse_args()
    rows: list[Row] = []
    for name, check in (CHECKS | WITH_WEIGHTS).items():
        if name.startswith(tuple(settings.prefixes)):
            begin = time.perf_counter()
            found = check()
            rows += found
            print(f"{name}: {time.perf_counter() - begin:.0f} s", flush=True)
            print("\n".join(map(line, found)), flush=True)
            settings.output.write_text(HEADER + table(rows))


def table(rows: list[Row]) -> str:
    """Return the rows in Markdown."""
    head = "| check | expected | found | standard error | verdict |\n|---|---:|---:|---:|---|\n"
    verdict = f"\n{sum(row.passes for row in rows)} of {len(rows)} agree.\n"
    return head + "".join(line(row) + "\n" for row in rows) + verdict


def line(row: Row) -> str:
    """Return one line of the table."""
    verdict = "agrees" if row.passes else "**deviates**"
    return f"| {row.check} | {row.expected:.4g} | {row.found:.4g} | {row.error:.2g} | {verdict} |"


if __name__ == "__main__":
    main()
