"""sundog: molecular simulation with the SO3LR machine-learned force field.

    import sundog
    force_field = sundog.load("so3lr")
    prediction = sundog.predict(force_field, atoms)

Names are imported when first used, so that `import sundog` and `sundog --help` are
immediate.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sundog.forcefield.prediction import Prediction
    from sundog.forcefield.so3lr import ForceField
    from sundog.interfaces.ase import Calculator
    from sundog.single_points.predict import predict
    from sundog.system import System, make_system
    from sundog.weights.load import load

__version__ = "0.1.0"

_HOME = {
    "Calculator": "sundog.interfaces.ase",
    "ForceField": "sundog.forcefield.so3lr",
    "Prediction": "sundog.forcefield.prediction",
    "System": "sundog.system",
    "load": "sundog.weights.load",
    "make_system": "sundog.system",
    "predict": "sundog.single_points.predict",
}

__all__ = [
    "Calculator",
    "ForceField",
    "Prediction",
    "System",
    "__version__",
    "load",
    "make_system",
    "predict",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'sundog' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
