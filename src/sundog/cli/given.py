"""Settings as they were given to a verb: numbers are checked, and which of them are heard."""

from inspect import BoundArguments
from types import NoneType
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from cyclopts import UNSET

from sundog.bounds import BOUNDS, check_number, short
from sundog.errors import InputError

if TYPE_CHECKING:
    from cyclopts import App, Argument, ArgumentCollection


class Given:
    """Source of settings for the parser that adds none: it looks at those that the others gave.

    Attributes:
        typed: names of the fields whose flags stand on the command line.
    """

    def __init__(self):
        """Begin with nothing given."""
        self.typed: set[str] = set()

    def __call__(
        self, app: "App", commands: tuple[str, ...], arguments: "ArgumentCollection"
    ) -> None:
        """Check numbers and choices among the arguments of a verb, before they are converted.

        Raises:
            InputError: a value is no number, no integer where one is needed, out of bounds, or
                not among the names to choose from.
        """
        for one in arguments:
            name = one.name.removeprefix("--").replace("-", "_")
            if any(token.source == "cli" for token in one.tokens):
                self.typed.add(name)
            self._check_choice(name, one)
            kind = _number(one.hint)
            if kind is None or name not in BOUNDS:
                continue
            for place, token in enumerate(one.tokens):
                if token.value or token.source == "cli":
                    number = _read(name, token.value, kind)
                    check_number(name, number, whole=kind is int)
                    one.tokens[place] = token.evolve(value=str(number))

    def _check_choice(self, name: str, argument: "Argument") -> None:
        """Refuse a name that is not among those that a setting may have."""
        for kind in _alternatives(argument.hint):
            if get_origin(kind) is Literal:
                for token in argument.tokens:
                    known = get_args(kind)
                    if token.implicit_value is UNSET and token.value not in known:
                        raise InputError(
                            f"{name}: unknown", got=short(token.value), expected=", ".join(known)
                        )

    def refuse_unread(self, bound: BoundArguments) -> None:
        """Refuse settings of a run, or of a force field, that were typed and that nothing reads.

        Args:
            bound: arguments of the verb.

        Raises:
            InputError: naming the setting, and what it would need.
        """
        if {"settings", "model_options"}.isdisjoint(bound.signature.parameters):
            return
        from sundog.hamiltonian import ElectronOptions, ModelOptions
        from sundog.runs.job import Job
        from sundog.runs.settings import SimulationSettings
        from sundog.runs.unused import refuse_unread, unread_of_model

        bound.apply_defaults()
        parts = {type(value): value for value in bound.arguments.values()}
        model = parts.get(ModelOptions, ModelOptions())
        electrons = parts.get(ElectronOptions, ElectronOptions())
        run = [one for kind, one in parts.items() if issubclass(kind, SimulationSettings)]
        unheard = Job(run[0], model, electrons).unread() if run else unread_of_model(model)
        refuse_unread(unheard, self.typed)


def _number(hint: Any) -> type | None:
    """Return `int` or `float` for the type of a field that takes numbers of that kind."""
    kinds = [one for one in _alternatives(hint) if one not in (NoneType, Ellipsis)]
    return kinds[0] if kinds and kinds[0] in (int, float) else None


def _alternatives(hint: Any) -> tuple[Any, ...]:
    """Return the types that a union or a tuple is made of; the type itself where it is none."""
    return (hint,) if get_origin(hint) is Literal or not get_args(hint) else get_args(hint)


def _read(name: str, text: str, kind: type) -> float:
    """Return the number that a text says; an integer may be written as 1e6 or 1000.0 as well."""
    try:
        number = float(text)
        if kind is int and text.strip("+-_0123456789"):
            return int(number) if number.is_integer() else number
        return kind(text)
    except ValueError as error:
        expected = f"{'an integer' if kind is int else 'a number'} from {BOUNDS[name]}"
        raise InputError(f"{name}: not acceptable", got=short(text), expected=expected) from error
