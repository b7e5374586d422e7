"""Who reaches whom in the namespaces of `mage_network`, and what docs/network.md says of it."""

import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import pytest
from tests.cluster import documented
from tests.cluster.mage_network import CALLERS, COLUMNS, METADATA, SPARK_OUTSIDE, Cell
from tests.cluster.mage_policies import ALWAYS_SET
from tests.cluster.probes import Probe, Prober

Seen = Mapping[Cell, str]
DOCUMENTED = {(corner, *key): said for corner in ("to", "from") for key, said in documented.table(corner).items()}
SECONDS = 15
"""Until a change of policies is in force everywhere."""


def said(cell: Cell) -> str:
    """What the docs say of a cell."""
    return DOCUMENTED[cell.direction, cell.row, COLUMNS[cell.pod]]


def with_no_switch(cell: Cell) -> str:
    """What follows from the docs with no switch set, but those that the chart asks for."""
    return "yes" if said(cell) == "yes" or (said(cell) == "if set" and cell.row in ALWAYS_SET) else "no"


def with_every_switch(cell: Cell) -> str:
    """What follows from the docs with every switch set, but for another Spark and for GKE's metadata server."""
    return "no" if said(cell) == "no" or cell.row in (SPARK_OUTSIDE, METADATA) else "yes"


@dataclass(frozen=True)
class Network:
    """The pods, with a prober in each, and what to ask them."""

    probers: Mapping[str, Prober]
    destinations: Mapping[str, Sequence[Probe]]
    addresses: Mapping[str, str]

    def look(self, pods: Collection[str] = tuple(COLUMNS)) -> Seen:
        """Who reaches whom now, of these pods of Mage."""
        called = {pod: self.addresses[pod] for pod in pods}
        asked = {pod: {("to", row, pod): probes for row, probes in self.destinations.items()} for pod in pods}
        for row, (caller, port) in CALLERS.items():
            mine = asked.setdefault(caller, {})
            mine |= {("from", row, pod): [("tcp", address, port)] for pod, address in called.items()}
        for name, cells in asked.items():
            self.probers[name].ask({json.dumps(cell): probes for cell, probes in cells.items()})
        answers = [self.probers[name].answer() for name in asked]
        return {Cell(*json.loads(key)): verdict for answer in answers for key, verdict in answer.items()}

    def becomes(self, expected: Callable[[Cell], str], pods: Collection[str] = tuple(COLUMNS)) -> Seen:
        """Look until every cell is as expected; fails with those that are not."""
        deadline = time.monotonic() + SECONDS
        while True:
            seen = self.look(pods)
            wrong = sorted(f"{cell}: {verdict}" for cell, verdict in seen.items() if verdict != expected(cell))
            if not wrong:
                return seen
            if time.monotonic() > deadline:
                pytest.fail("not as documented:\n" + "\n".join(wrong), pytrace=False)
