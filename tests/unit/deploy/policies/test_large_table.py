"""The table of Mage's kinds in a large cluster, as `make bench` measures it: its time, and how that grows."""

import importlib
from pathlib import Path

BENCH = Path(__file__).parents[4] / "tools" / "bench"


def test_2000_pods_and_500_policies_take_little_and_four_times_of_both_no_square(monkeypatch):
    """With slack for a busy machine: the promise is 1 s, and 4 times as much; a square would be 16 times."""
    monkeypatch.syspath_prepend(BENCH)
    seconds = importlib.import_module("policies")._seconds  # of processor time: what else runs counts little
    quarter, whole = (min(seconds(pods, policies) for _ in range(2)) for pods, policies in ((500, 125), (2000, 500)))
    assert whole < 3
    assert whole / quarter < 12
