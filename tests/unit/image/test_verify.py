"""What is remembered of a base is remembered for one platform; everything else is tried with a real engine."""

from dataclasses import replace

import pytest
from tests.unit.image.plans import make

from deploykit.image import verify
from deploykit.image.engine import Engine, Finished

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
