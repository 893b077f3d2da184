"""Hyperparameters: the shapes and the constants of a model of the SO3LR family."""

from dataclasses import asdict, dataclass, fields

from sundog.errors import WeightsError

COUNTS = {
    "features": 10_000,
    "heads": 1000,
    "layers": 100,
    "radial_functions": 1000,
    "angular_features": 10_000,
    "hirshfeld_features": 10_000,
}
"""Largest value of each whole number, beyond any model."""

LENGTHS = {
    "cutoff": 20.0,
    "radial_decay": 100.0,
    "average_neighbors": 1000.0,
    "coulomb_sigma": 100.0,
    "dispersion_damping": 100.0,
    "zbl_cutoff": 20.0,
}
"""Largest value of each real number in its unit, beyond any model."""

_REMEDY = "Check the model's hyperparameter file"
"""Remedy in errors about values."""


@dataclass(frozen=True)
class Hyperparameters:
    """Shape and constants of a SO3LR model; the defaults are the published model's.

    Attributes:
        features: width of the invariant features x.
        heads: attention heads of the feature update; must divide `features`.
        degrees: degrees l of the Euclidean variables, each once, ascending, l ≥ 1.
        layers: number of SO3krates layers.
        radial_functions: number of Bernstein polynomials.
        angular_features: hidden width of the filter on Euclidean invariants.
        hirshfeld_features: width of the Hirshfeld head.
        cutoff: short-range cutoff in Å.
        radial_decay: decay γ_b in 1/Å of the exponential map of distances. The default is the
            float32 value with which the published weights were trained; do not round it further.
        average_neighbors: average number n̄ of neighbours in the training set, by which the
            attention coefficients are divided.
        coulomb_sigma: damping length σ in Å of the Coulomb interaction erf(r/σ)/r.
        dispersion_damping: factor γ_d of the damping radius of the dispersion.
        zbl_cutoff: distance in Å at which the ZBL repulsion is switched off.
    """

    features: int = 128
    heads: int = 4
    degrees: tuple[int, ...] = (1, 2, 3, 4)
    layers: int = 3
    radial_functions: int = 32
    angular_features: int = 32
    hirshfeld_features: int = 64
    cutoff: float = 4.5
    radial_decay: float = 0.9448630809783936
    average_neighbors: float = 13.168995780096482
    coulomb_sigma: float = 4.0
    dispersion_damping: float = 1.2
    zbl_cutoff: float = 1.5

    def __post_init__(self):
        """Refuse values that no model has.

        Raises:
            WeightsError: a value is no number, not finite, or out of bounds, degrees do not ascend,
                or the features cannot be divided.
        """
        for name, largest in COUNTS.items():
            value = getattr(self, name)
            _require(name, value, type(value) is int and 0 < value <= largest, largest)
        for name, largest in LENGTHS.items():
            value = getattr(self, name)
            is_number = type(value) in (int, float)
            _require(name, value, is_number and 0 < value <= largest, largest)
        ascending = all(type(degree) is int for degree in self.degrees) and all(
            low < high for low, high in zip((0, *self.degrees), self.degrees, strict=False)
        )
        if not self.degrees or not ascending:
            raise WeightsError(
                "hyperparameters: `degrees` is not acceptable",
                got=self.degrees,
                expected="ascending whole numbers from 1 on",
                remedy=_REMEDY,
            )
        if self.features % self.heads or self.features % len(self.degrees):
            raise WeightsError(
                "hyperparameters: `features` must be divisible by `heads` and by the number of "
                "`degrees`",
                got=f"features={self.features}, heads={self.heads}, degrees={self.degrees}",
                remedy=_REMEDY,
            )

    @classmethod
    def from_dict(cls, values: dict) -> "Hyperparameters":
        """Return the hyperparameters that `to_dict` wrote.

        Args:
            values: value of each hyperparameter, by its name.

        Raises:
            WeightsError: a key is unknown or missing.
        """
        known = {field.name for field in fields(cls)}
        if set(values) != known:
            raise WeightsError(
                "hyperparameters: the keys do not match this version of sundog",
                got=f"unknown {sorted(set(values) - known)}, missing {sorted(known - set(values))}",
                remedy="Import the weights again with `sundog weights import`",
            )
        return cls(**{**values, "degrees": tuple(values["degrees"])})

    def to_dict(self) -> dict:
        """Return the hyperparameters as values that JSON can hold."""
        return {**asdict(self), "degrees": list(self.degrees)}


def _require(name: str, value: object, condition: bool, largest: float) -> None:
    if not condition:
        raise WeightsError(
            f"hyperparameters: `{name}` is not acceptable",
            got=value,
            expected=f"a number above 0 and at most {largest:g}",
            remedy=_REMEDY,
        )
