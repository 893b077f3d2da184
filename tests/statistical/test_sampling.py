"""The baths sample their ensembles; every row of the table within four standard errors."""

import pytest

from statistical.checks import CHECKS


@pytest.mark.slow
@pytest.mark.parametrize("name", CHECKS)
def test_sampling(name):
    rows = CHECKS[name]()
    assert not [row for row in rows if not row.passes]
