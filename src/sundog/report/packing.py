"""Positions and values of atoms as short text, which a browser unpacks by itself.

    q_f = round(x_f / s)        integers of 16 bits, s the quantum in Å
    d_0 = q_0,   d_f = q_f − q_(f−1)

Differences of integers add up without error, so that every coordinate is right to s/2. They are
folded to unsigned numbers (0, −1, 1, −2, … to 0, 1, 2, 3, …), their low bytes written before their
high ones, which are nearly all 0, then deflated (zlib) and encoded in base64: what the browser's
DecompressionStream("deflate") reads.
"""

import zlib
from base64 import b64decode, b64encode
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

FINEST_ANGSTROM = 0.001
"""Smallest quantum in Å; half of it is the largest error of a coordinate."""

LARGEST = 32_767
"""Largest integer of 16 bits."""

LEVELS = 255
"""Number of steps between the smallest and the largest of packed values."""


class PackedPositions(NamedTuple):
    """Positions of all frames as text.

    Attributes:
        text: deflated bytes in base64.
        quantum: length of one unit in Å.
        frames: number of frames.
        atoms: number of atoms.
    """

    text: str
    quantum: float
    frames: int
    atoms: int


class PackedValues(NamedTuple):
    """Values of atoms in 256 levels as text.

    Attributes:
        text: deflated bytes in base64.
        low: value of level 0.
        high: value of level 255.
    """

    text: str
    low: float
    high: float


def pack_positions(positions: Float[np.ndarray, "frames atoms 3"]) -> PackedPositions:
    """Return positions as text.

    Args:
        positions: finite positions in Å, about their common centre.
    """
    widest = float(np.abs(positions).max(initial=0.0))
    jump = float(np.abs(np.diff(positions, axis=0)).max(initial=0.0))
    # One unit is lost to rounding on each side of a difference.
    quantum = max(FINEST_ANGSTROM, max(widest, jump) / (LARGEST - 1))
    units = np.rint(positions / quantum).astype(np.int32)
    apart = np.diff(units, axis=0, prepend=np.zeros_like(units[:1]))
    folded = ((apart << 1) ^ (apart >> 31)).astype(np.uint16)
    planes = np.stack([folded & 0xFF, folded >> 8]).astype(np.uint8)
    frames, atoms = positions.shape[:2]
    return PackedPositions(_deflated(planes.tobytes()), quantum, frames, atoms)


def unpack_positions(packed: PackedPositions) -> Float[np.ndarray, "frames atoms 3"]:
    """Return the positions in Å that a browser reads from their text."""
    planes = np.frombuffer(_inflated(packed.text), np.uint8).astype(np.int32)
    low, high = planes.reshape(2, packed.frames, packed.atoms, 3)
    folded = low | (high << 8)
    apart = (folded >> 1) ^ -(folded & 1)
    return np.cumsum(apart, axis=0) * packed.quantum


def pack_values(
    values: Float[np.ndarray, "..."], low: float | None = None, high: float | None = None
) -> PackedValues:
    """Return values as text, rounded to 256 levels between the smallest and the largest.

    Args:
        values: values, of any shape; those that are not finite become the lowest.
        low: value of the lowest level; by default the smallest value.
        high: value of the highest level; by default the largest value.
    """
    finite = values[np.isfinite(values)]
    low = float(finite.min(initial=np.inf)) if low is None else low
    high = float(finite.max(initial=-np.inf)) if high is None else high
    if not low <= high:
        low = high = 0.0
    share = (values - low) / ((high - low) or 1.0)
    levels = np.rint(LEVELS * np.clip(np.nan_to_num(share, nan=0.0), 0, 1)).astype(np.uint8)
    return PackedValues(_deflated(levels.tobytes()), low, high)


def unpack_values(packed: PackedValues) -> Float[np.ndarray, " values"]:
    """Return the values that a browser reads from their text, in one axis."""
    levels = np.frombuffer(_inflated(packed.text), np.uint8)
    return packed.low + (packed.high - packed.low) * levels / LEVELS


def _deflated(content: bytes) -> str:
    return b64encode(zlib.compress(content, 9)).decode("ascii")


def _inflated(text: str) -> bytes:
    return zlib.decompress(b64decode(text))
