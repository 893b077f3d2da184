"""sundog: molecular simulation with the SO3LR machine-learned force field.

    import sundog
    atoms = sundog.read("structure.pdb")[-1]
    run = sundog.simulate(atoms, steps=1000, temperature_kelvin=300)
    prediction = sundog.predict(sundog.load("so3lr"), atoms)

Names are imported when first used, so that `import sundog` and `sundog --help` are
immediate.
"""

from importlib import import_module

TYPE_CHECKING = False
"""Flag that type checkers take for true by its name. `typing` is not imported here: under
`python -m sundog` the current folder is on the path, where a file `typing.py` would be run."""

if TYPE_CHECKING:
    from sundog.forcefield.prediction import Prediction
    from sundog.forcefield.so3lr import ForceField
    from sundog.hamiltonian import Hamiltonian
    from sundog.interfaces.ase import Calculator
    from sundog.io.reading import read_structures as read
    from sundog.loading import make_system
    from sundog.runs.api import resume, simulate
    from sundog.runs.relaxation import minimize
    from sundog.runs.result import Run
    from sundog.single_points.predict import predict
    from sundog.system import System
    from sundog.weights.load import load

__version__ = "0.1.0"

_HOME = {
    "Calculator": "sundog.interfaces.ase:Calculator",
    "ForceField": "sundog.forcefield.so3lr:ForceField",
    "Hamiltonian": "sundog.hamiltonian:Hamiltonian",
    "Prediction": "sundog.forcefield.prediction:Prediction",
    "Run": "sundog.runs.result:Run",
    "System": "sundog.system:System",
    "load": "sundog.weights.load:load",
    "make_system": "sundog.loading:make_system",
    "minimize": "sundog.runs.relaxation:minimize",
    "predict": "sundog.single_points.predict:predict",
    "read": "sundog.io.reading:read_structures",
    "resume": "sundog.runs.api:resume",
    "simulate": "sundog.runs.api:simulate",
}
"""Where each public name is, as module:name."""

__all__ = [
    "Calculator",
    "ForceField",
    "Hamiltonian",
    "Prediction",
    "Run",
    "System",
    "__version__",
    "load",
    "make_system",
    "minimize",
    "predict",
    "read",
    "resume",
    "simulate",
]


def __getattr__(name: str) -> object:
    if name in _HOME:
        module, _, attribute = _HOME[name].partition(":")
        return getattr(import_module(module), attribute)
    raise AttributeError(f"module 'sundog' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
