"""The former place of `sundog.files`."""

from sundog.files import replacing, write_atomically

__all__ = ["replacing", "write_atomically"]
