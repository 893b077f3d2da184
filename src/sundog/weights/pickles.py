"""Reader of pickles that runs no code in them.

A pickle is a program for a small stack machine that may call any function it can name. Here it
can name only what an unpickler of this family admits. The program is inspected before it is run:
only the operations that plain data needs are allowed, and only a limited number of them, because
the machine itself can be made to exhaust memory or the stack.
"""

import io
import pickle
import pickletools
from collections.abc import Callable, Mapping
from math import prod

import numpy as np

from sundog.errors import WeightsError

_OPERATIONS = frozenset(
    [
        *("PROTO", "FRAME", "STOP", "MARK", "NONE", "NEWTRUE", "NEWFALSE"),
        *("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"),
        *("SHORT_BINUNICODE", "BINUNICODE", "SHORT_BINBYTES", "BINBYTES", "BINBYTES8"),
        *("BYTEARRAY8", "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"),
        *("EMPTY_LIST", "APPEND", "APPENDS", "EMPTY_DICT", "SETITEM", "SETITEMS"),
        *("MEMOIZE", "BINPUT", "LONG_BINPUT", "BINGET", "LONG_BINGET"),
        *("GLOBAL", "STACK_GLOBAL", "REDUCE", "NEWOBJ", "BUILD", "BINPERSID"),
    ]
)
"""Operations that are allowed, by pickletools' names."""

_MOST_OPERATIONS = 100_000
"""Most operations of a pickle. The published models need 4,000 and 23,000; hashing data that are
nested 200,000 deep ends the process."""

_MOST_NODES = 20_000
"""Most nodes of a tree of arrays, far more than any model has."""

_LONGEST_NAME = 200
"""Longest path of an array in characters; longer text is cut in messages."""

_REMEDY = "Do not open the file with anything else, and take it from its authors again"
"""Remedy in errors about files that may be malicious."""


class RestrictedUnpickler(pickle.Unpickler):
    """Unpickler that admits no names; a subclass admits those that its format needs.

    A pickle may also try to set attributes of what it can name. Therefore only objects on which
    that has no effect may be admitted: built-in types, bound methods, and classes with a
    `__setstate__`.
    """

    def find_class(self, module: str, name: str) -> object:
        """Refuse a name that the format does not need."""
        raise WeightsError(
            "weights: the file asks to run code that a model file has no need for",
            got=repr(f"{module}.{name}"[:_LONGEST_NAME]),
            remedy=_REMEDY,
        )

    def persistent_load(self, pid: object) -> object:
        """Refuse a reference to something outside the pickle."""
        raise WeightsError("weights: the file refers to data outside itself", remedy=_REMEDY)


def load(unpickler: type[RestrictedUnpickler], data: bytes) -> object:
    """Return the content of a pickle, read by an unpickler.

    Raises:
        WeightsError: The pickle is damaged, or asks for anything beyond plain data.
    """
    try:
        _inspect(data)
        return unpickler(io.BytesIO(data)).load()
    except WeightsError:
        raise
    except Exception as error:  # a damaged pickle can raise nearly any exception
        raise WeightsError(
            "weights: the file is damaged or not a model file",
            got=f"{type(error).__name__}: {error}",
            remedy="Copy or download it again",
        ) from error


def flatten(
    root: object, children: Callable[[object], Mapping | None], separator: str
) -> dict[str, object]:
    """Return the leaves of a tree by their path from the root.

    Args:
        root: Root of the tree, from an unpickler; it may refer to itself.
        children: Function that returns the children of a node by name, None for a leaf.
        separator: Separator of the names in a path.

    Raises:
        WeightsError: The tree is larger or deeper than any model, or its names are not text.
    """
    leaves: dict[str, object] = {}
    pending = [("", root)]
    for _ in range(_MOST_NODES):
        if not pending:
            return leaves
        path, node = pending.pop()
        branches = children(node)
        if branches is None:
            leaves[path] = node
            continue
        for key, branch in branches.items():
            if not isinstance(key, str) or not key.isprintable() or len(key + path) > _LONGEST_NAME:
                raise WeightsError("weights: the file names an array unlike any model's")
            pending.append((f"{path}{separator}{key}" if path else key, branch))
    raise WeightsError("weights: the file holds more arrays than any model")


def to_array(name: str, raw: object, dtype: object, shape: object, order: str = "C") -> np.ndarray:
    """Return little-endian numbers as an array; none of the arguments are trusted.

    Args:
        name: Name of the array, for messages.
        raw: Bytes of the numbers.
        dtype: Type of the numbers, as numpy writes it.
        shape: Shape of the array.
        order: Order of the axes in memory, `C` or `F`.

    Raises:
        WeightsError: Shape, type and bytes do not fit together.
    """
    if dtype not in ("<f4", "<f8", "<i8"):
        raise WeightsError(
            f"weights: the array `{name}` is of a type that sundog does not read",
            got=dtype[:_LONGEST_NAME] if isinstance(dtype, str) else None,
            expected="little-endian float32 or float64",
        )
    itemsize = np.dtype(dtype).itemsize
    if (
        not isinstance(raw, bytes | bytearray)
        or not isinstance(shape, tuple)
        or len(shape) > 8
        or not all(type(length) is int and 0 < length <= len(raw) for length in shape)
        or prod(shape) * itemsize != len(raw)
    ):
        raise WeightsError(
            f"weights: the shape of the array `{name}` does not fit the bytes there are",
            remedy="The file is damaged or was tampered with: take it from its authors again",
        )
    return np.frombuffer(raw, dtype).reshape(shape, order="F" if order == "F" else "C")


def _inspect(data: bytes) -> None:
    for count, (operation, argument, _) in enumerate(pickletools.genops(data)):
        if operation.name not in _OPERATIONS:
            raise WeightsError(
                "weights: the file holds more than plain data",
                got=f"the pickle operation {operation.name}",
                remedy=_REMEDY,
            )
        # The memo of the machine is an array as long as the largest index.
        index = int(argument or 0) if operation.name == "LONG_BINPUT" else 0
        if max(index, count) > _MOST_OPERATIONS:
            raise WeightsError("weights: the file is larger than any model's", remedy=_REMEDY)
