"""What is remembered of a base, and what is tried again; everything else is tried with a real engine."""

from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import pytest
from tests.unit.image.plans import make

from deploykit.image import verify
from deploykit.image.engine import Engine, Finished
from deploykit.image.engine_errors import failing

pytestmark = pytest.mark.usefixtures("isolated")


class Differs(Engine):
    """A base of two platforms, of which one has a conflict; our image has the same."""

    def run(self, image, command, *, platform, **options):
        if platform == "linux/arm64":
            return Finished(status=1, output="grpcio requires protobuf>=5, but protobuf 4 is installed.")
        return Finished(status=0, output="No broken requirements found.")


def test_what_pip_says_of_the_base_is_remembered_by_platform():
    plan = make()
    for platform in ("linux/amd64", "linux/arm64"):
        [check] = verify.pip_check("mage:1", replace(plan, platform=platform), Differs())
        assert check.problem == ""


class Late(Engine):
    """Its first container does not start its block in time; the next does, and ends at once."""

    def __init__(self) -> None:
        self.looks = [b"late\n", b"started\n"]

    @contextmanager
    def container(self, image, command, **options):
        with failing("A container could not be used."):
            yield self

    def exec_run(self, command):
        return SimpleNamespace(output=self.looks.pop(0))

    def start(self): ...

    def stop(self, timeout): ...

    def logs(self, tail):
        return b"the scheduler hangs"


def test_a_block_that_starts_too_late_says_nothing_about_stops_and_is_tried_again():
    [check] = verify.stops("server", "mage:1", make(), Late())
    assert check.problem == ""
