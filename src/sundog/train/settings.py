"""Settings of a training run: one source of flags, keys, defaults and help.

The defaults are the recipe `so3lr`, that of the published weights. The module imports nothing
heavy.
"""

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from sundog.bounds import check_fields
from sundog.errors import InputError
from sundog.names import Precision

Layout = Literal["auto", "flat", "ring"]
"""Layouts of batches: lists of pairs for any system, or a ring of pairs for small molecules."""

ENERGY, FORCES, STRESS, DIPOLE = "energy", "forces", "stress", "dipole"
CHARGES, RATIOS = "charges", "hirshfeld_ratios"
"""Names of labels that appear in the loss."""


class TrainingGroup:
    """Base of the groups, with the refusal of values."""

    def __post_init__(self):
        """Refuse values that are of another type or out of the bounds of any run.

        Raises:
            InputError: naming the field, its value and what is accepted.
        """
        check_fields(self)


@dataclass(frozen=True, kw_only=True)
class Shape(TrainingGroup):
    """Shape and constants of a model that is trained from random parameters."""

    features: int = 128
    """Width of the invariant features."""
    heads: int = 4
    """Attention heads of the feature update."""
    degrees: tuple[int, ...] = (1, 2, 3, 4)
    """Degrees of the Euclidean variables."""
    layers: int = 3
    """Number of layers."""
    radial_functions: int = 32
    """Number of radial basis functions."""
    angular_features: int = 32
    """Hidden width of the filters on Euclidean invariants."""
    hirshfeld_features: int = 64
    """Width of the head of the Hirshfeld ratios."""
    short_cutoff_angstrom: float = 4.5
    """Cutoff of the network in Å."""
    average_neighbors: float | None = None
    """Average number of neighbours that divides the attention; by default that of the training
    structures, or of the weights that are started from."""


@dataclass(frozen=True, kw_only=True)
class Loss(TrainingGroup):
    """Weights of the labels in the loss, and its shape."""

    forces_weight: float = 10.0
    """Weight of the forces (eV/Å)."""
    dipole_weight: float = 1.0
    """Weight of the dipole (e·Å)."""
    hirshfeld_ratios_weight: float = 1.0
    """Weight of the Hirshfeld ratios."""
    energy_weight: float = 0.0
    """Weight of the energy per atom (eV), see --energy-reference."""
    charges_weight: float = 0.0
    """Weight of the atomic charges (e)."""
    stress_weight: float = 0.0
    """Weight of the stress (eV/Å³)."""
    energy_reference: Literal["composition", "elements"] = "composition"
    """Energies are compared among structures of one composition in a batch, or after references of
    the elements are taken off, which are fitted to the training structures."""
    loss_shape: Literal["square", "huber"] = "square"
    """Squares, or squares that become linear beyond --huber-width (pseudo-Huber)."""
    huber_width: float = 1.0
    """Error from which on huber grows linearly, in the unit of each label."""

    def __post_init__(self):
        """Refuse values out of bounds, and a loss of nothing.

        Raises:
            InputError: naming the field, its value and what is accepted.
        """
        check_fields(self)
        if not self.weights:
            raise InputError(
                "forces_weight: all weights of the loss are zero",
                expected="a positive weight of at least one label",
            )

    @property
    def weights(self) -> dict[str, float]:
        """Weights of the labels that count, by name of the label."""
        named = (FORCES, DIPOLE, RATIOS, ENERGY, CHARGES, STRESS)
        found = {name: float(getattr(self, f"{name}_weight")) for name in named}
        return {name: weight for name, weight in found.items() if weight > 0}


@dataclass(frozen=True, kw_only=True)
class Optimizer(TrainingGroup):
    """Optimiser and schedule."""

    learning_rate: float = 1e-3
    """Learning rate, the highest of the schedule."""
    schedule: Literal["exponential", "constant", "cosine"] = "exponential"
    """Learning rate over the steps: times --decay-factor every --decay-steps (continuously),
    constant, or a cosine that ends at zero with the last step."""
    decay_factor: float = 0.85
    """Factor of the exponential schedule."""
    decay_steps: int = 500_000
    """Steps of the exponential schedule for one factor."""
    warmup_steps: int = 0
    """Steps over which the learning rate rises from zero."""
    clip_norm: float = 10.0
    """Norm that the gradient is cut down to where it is larger."""
    weight_decay: float = 0.0
    """Decay of the parameters, times the learning rate (decoupled, as in AdamW)."""
    average_decay: float = 0.0
    """Decay per step of an exponential moving average of the parameters; 0 for none. Best weights
    are then those of the average, which is kept apart from the parameters."""
    accumulate: int = 1
    """Batches whose gradients are averaged for one step."""


@dataclass(frozen=True, kw_only=True)
class Batches(TrainingGroup):
    """Bounds of a batch; each includes one of padding, as published."""

    batch_structures: int = 201
    """Most structures of a batch, plus one."""
    batch_atoms: int = 4096
    """Most atoms of a batch, plus one."""
    batch_pairs: int = 40_960
    """Most ordered pairs of a batch, of short and of long range each."""
    layout: Layout = "auto"
    """Layout of batches: flat lists of pairs; ring, without lists, for molecules of up to 32 atoms;
    auto: ring where all structures are such molecules."""


@dataclass(frozen=True, kw_only=True)
class Data(TrainingGroup):
    """Choice among the structures."""

    validation_structures: int | None = None
    """Structures taken from the data for validation; by default a tenth, at most 10,000."""
    split: Literal["structure", "formula", "group"] = "structure"
    """Kind of what is not divided between training and validation: equal structures, structures of
    one formula, or of one value of --group-key."""
    group_key: str | None = None
    """Entry of `info` that names the group of a structure; errors are told by group."""
    shortest_distance_angstrom: float = 0.5
    """Structures with atoms closer than this are left out."""
    largest_force_ev_per_angstrom: float = 1000.0
    """Structures with a component of a force label beyond this are left out."""
    check_labels: bool = True
    """Compare the forces of some structures with those of the base model (the weights that are
    started from, else so3lr where it is installed), and refuse labels in another unit or with
    another sign."""
    most_bad_frames: int = 10
    """Structures that may be left out because of their numbers; one more ends the run."""


@dataclass(frozen=True, kw_only=True)
class TrainingSettings(TrainingGroup):
    """Settings of a training run."""

    steps: int | None = None
    """Steps of the optimiser; by default those of --epochs."""
    epochs: int = 100
    """Passes over the training structures."""
    validate_every: int = 25_000
    """Steps between validations, each of which also keeps the state of the run."""
    log_every: int = 100
    """Steps between rows of the table of losses."""
    patience: int | None = None
    """Validations without improvement after which the run ends; by default none are."""
    checkpoint_minutes: float = 10.0
    """Minutes between states that are kept, beside those at validations."""
    seed: int = 7
    """Seed of the random parameters, of the split and of the order of the structures."""
    precision: Precision = "float32"
    """Precision of parameters and arithmetic."""
    start_from: str | None = None
    """Name or path of weights to start from, instead of random parameters."""
    electrostatics: Literal["exact", "truncated", "wolf"] = "exact"
    """Treatment of the charges: exact for molecules; truncated or wolf for periodic cells."""
    cutoff_angstrom: float = 12.0
    """Long-range cutoff in Å; unused by exact."""
    shape: Shape = field(default_factory=Shape)
    """Shape of the model."""
    loss: Loss = field(default_factory=Loss)
    """Loss."""
    optimizer: Optimizer = field(default_factory=Optimizer)
    """Optimiser."""
    batches: Batches = field(default_factory=Batches)
    """Batches."""
    data: Data = field(default_factory=Data)
    """Data."""

    def as_dict(self) -> dict[str, Any]:
        """Return all settings by their names, groups resolved, as YAML can hold them."""
        flat: dict[str, Any] = {}
        for one in fields(self):
            value = getattr(self, one.name)
            flat |= asdict(value) if hasattr(value, "__dataclass_fields__") else {one.name: value}
        return {k: list(v) if isinstance(v, tuple) else v for k, v in flat.items()}
