"""How much of a matrix of cases is run: CI has time for a few of each, a person for more."""

import os
from collections.abc import Sequence
from typing import TypeVar

ASKED = os.environ.get("DEPLOYKIT_TEST_FAULTS", "")
if ASKED not in ("", "each", "all"):
    raise ValueError(f"DEPLOYKIT_TEST_FAULTS is {ASKED!r}, and may be each or all")
EACH = ASKED == "each"
"""Every case, but of all that may go wrong with a call only one, and nothing that moves Ilum."""
ALL = ASKED == "all"
Case = TypeVar("Case")


def chosen(cases: Sequence[Case], few: int) -> list[Case]:
    """All of them, or a `few` at even distances."""
    if EACH or ALL:
        return list(cases)
    return [cases[(2 * number + 1) * len(cases) // (2 * few)] for number in range(few)]
