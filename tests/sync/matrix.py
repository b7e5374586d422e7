"""How much of a matrix of cases is run: CI has time for a few of each, a person for all."""

import os
from collections.abc import Sequence
from typing import TypeVar

ALL = os.environ.get("DEPLOYKIT_TEST_FAULTS") == "all"
Case = TypeVar("Case")


def chosen(cases: Sequence[Case], few: int) -> list[Case]:
    """All of them, or a `few` at even distances."""
    return list(cases) if ALL else [cases[(2 * number + 1) * len(cases) // (2 * few)] for number in range(few)]
