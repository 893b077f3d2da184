"""The contract of a reservoir, and how it keeps its variables in the state."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, ClassVar, Generic, TypeVar

import equinox as eqx
from jaxtyping import Array

from sundog.engine.state import MDState
from sundog.typing import PerSystem

Values = TypeVar("Values", bound=eqx.Module)


class Variables(Generic[Values]):
    """Typed access of a reservoir to its variables in a state.

    The state keeps them as arrays by name, as its checkpoints do; the names, `prefix` and then
    the field of `kind`, are known here and nowhere else.

    Attributes:
        kind: class with one array for each variable.
        prefix: beginning of the names.
        odd: fields that change their sign when time is reversed.
    """

    def __init__(self, kind: type[Values], prefix: str = "", odd: tuple[str, ...] = ()):
        """Keep what the names are made of."""
        self.kind, self.prefix, self.odd = kind, prefix, odd
        self._names = {one.name: prefix + one.name for one in fields(kind)}  # pyright: ignore[reportArgumentType]

    def of(self, state: MDState) -> Values:
        """Return the values in a state that has them."""
        return self.kind(**{field: state.extended[name] for field, name in self._names.items()})

    def put(self, state: MDState, **values: Array) -> MDState:
        """Return the state with some of the variables at new values, given by field."""
        changed = {self._names[field]: value for field, value in values.items()}
        return replace(state, extended=state.extended | changed)

    def are_in(self, state: MDState) -> bool:
        """Return whether a state has the variables."""
        return all(name in state.extended for name in self._names.values())

    def removed(self, state: MDState) -> MDState:
        """Return the state without the variables."""
        own = self._names.values()
        others = {name: value for name, value in state.extended.items() if name not in own}
        return replace(state, extended=others)

    def reversed(self, state: MDState) -> MDState:
        """Return the state with the signs that they have when time runs backwards."""
        return self.put(state, **{field: -getattr(self.of(state), field) for field in self.odd})

    def arrays(self, state: MDState, first: Values) -> Mapping[str, Array]:
        """Return the values by name: those in the state, or the `first` ones where it has none."""
        return {
            name: state.extended[name] if name in state.extended else getattr(first, field)
            for field, name in self._names.items()
        }


class NoVariables(eqx.Module):
    """Variables of a reservoir that has none."""


class AbstractReservoir(eqx.Module):
    """A bath with variables or an energy of its own, which propagators act on.

    Its energy belongs to the conserved quantity. A bath that only puts heat in, as a
    Langevin thermostat, adds that to `MDState.heat` and needs no reservoir.

    Attributes:
        variables: access to its variables in the state.
    """

    variables: ClassVar[Variables[Any]] = Variables(NoVariables)

    def first(self, state: MDState) -> Any:
        """Return the first values of its variables, as a value of `variables.kind`."""
        return self.variables.kind()

    @abstractmethod
    def energy(self, state: MDState) -> PerSystem:
        """Return its energy in eV."""
