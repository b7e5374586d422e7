"""What a block returned is looked at once, in little time, and while other threads work."""

import json
import sys
import time
from types import ModuleType

import pytest

from mage_ilum.hooks import mage
from mage_ilum.hooks.returned import ReturnedSparkValueError, refuse


@pytest.fixture
def frame(monkeypatch):
    """What is a DataFrame of Spark Connect by its names."""
    monkeypatch.setitem(sys.modules, "pyspark", ModuleType("pyspark"))
    return type("DataFrame", (), {"__module__": "pyspark.sql.connect.dataframe"})()


class Counted(list):
    """A list that counts how often it is gone through."""

    times = 0

    def __iter__(self):
        self.times += 1
        return super().__iter__()


class Block:
    uuid, pipeline_uuid = "load", "sales"

    def __init__(self, *outputs):
        self.outputs = outputs
        self.stored = []

    @mage._runs_as_itself
    def run(self):
        return list(self.outputs)

    @mage._stores_data
    def store(self, variables):
        self.stored.append(variables)


class Name(str):
    """The name of a module; while it is looked at, another thread imports one more."""

    __slots__ = ()

    def startswith(self, *arguments):
        sys.modules["imported.meanwhile"] = sys
        return super().startswith(*arguments)


def test_other_threads_may_import_meanwhile(monkeypatch):
    monkeypatch.setattr(sys, "modules", {Name("some.module"): sys, **sys.modules})
    refuse("load", {"output_0": 1})


@pytest.mark.parametrize(
    ("inside", "path"),
    [
        (lambda frame: frame, ""),
        (lambda frame: [1, {"a": ("b", frame)}], "[1]['a'][1]"),
        (lambda frame: [{"a": 1}, {"a": 2, "b": frame}], "[1]['b']"),
    ],
)
def test_it_is_found_wherever_it_is(frame, inside, path):
    with pytest.raises(ReturnedSparkValueError) as caught:
        refuse("load", {"output_0": inside(frame)})
    assert caught.value.what == f"The block 'load' returns a Spark DataFrame: output_0{path}."


def test_what_was_looked_at_when_it_was_returned_is_not_when_it_is_stored(frame):
    rows = Counted([{"a": 1}])
    block = Block(rows)
    block.run()
    block.store({"output_0": rows})
    assert rows.times == 1
    block.store({"output_0": rows})
    assert rows.times == 2, "what was kept for the first time is let go"
    with pytest.raises(ReturnedSparkValueError):
        block.store({"output_1": [frame]})
    assert len(block.stored) == 2


def test_a_look_takes_less_time_than_to_write_the_values(frame):
    rows = [
        {f"field{number}": (number, "x", 1.5, None, True)[number % 5] for number in range(10)} for _ in range(20_000)
    ]

    def best(work):
        times = []
        for _ in range(5):
            began = time.perf_counter()
            work()
            times.append(time.perf_counter() - began)
        return min(times)

    assert best(lambda: refuse("load", {"output_0": rows})) < best(lambda: json.dumps(rows))
