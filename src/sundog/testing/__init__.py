"""Checks of the contracts that parts of sundog keep, for parts that are added to it.

    from sundog.testing import check_term
    check_term(MyTerm())

Each check returns nothing, or raises a `ContractError` that says which promise was broken, by how
much, and what would have been allowed. sundog's own tests use the same checks.
"""

from sundog.testing.contract import ContractError
from sundog.testing.force_fields import check_force_field
from sundog.testing.propagators import check_propagator
from sundog.testing.terms import check_term

__all__ = ["ContractError", "check_force_field", "check_propagator", "check_term"]
