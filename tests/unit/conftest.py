import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@pytest.fixture
def full_disk():
    """Return a context in which no file can grow beyond some bytes, as on a full disk."""

    @contextmanager
    def full_disk(largest: int) -> Iterator[None]:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return full_disk
