"""`deploykit sync --namespace`: the image follows the Spark that Ilum runs on the cluster.

Each move takes the cluster a minute, so CI makes none; a person makes all: DEPLOYKIT_TEST_FAULTS=all, and `-rP` to see
what each of them took.
tests/image/test_sync.py makes them with servers on this machine.
"""

import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.cluster.conftest import SPARK
from tests.needs import Ilum
from tests.sync.checkout import Checkout
from tests.sync.conftest import forget
from tests.sync.lockstep import MOVES, follow
from tests.sync.matrix import ALL
from tests.sync.registry_proxy import RegistryProxy


def test_the_image_follows_ilum_and_what_fitted_before_is_not_built_again(
    ilum: Callable[[str], Ilum],
    needs_docker: str,
    repository: str,
    base_image: str,
    tmp_path: Path,
) -> None:
    # The base's layers are there, as where one registry has both: by the proxy's name the engine cannot mount them.
    for command in (("tag", base_image, f"{repository}:base"), ("push", "--quiet", f"{repository}:base")):
        subprocess.run([needs_docker, *command], check=True, capture_output=True, timeout=300)
    registry, _, name = repository.partition("/")
    base = base_image.partition("/")[2]
    checkout = Checkout(folder=tmp_path)

    def move(version: str) -> tuple[str, ...]:
        return ("--namespace", ilum(version).namespace)

    with RegistryProxy(registry, login=False) as proxy:
        checkout.write(repository=f"{proxy.host}/{name}", base=f"{proxy.host}/{base}", server="")
        steps = follow(checkout, proxy, move, MOVES if ALL else (SPARK, SPARK))
        forget(f"{proxy.host}/{name}")
        forget(repository)
        forget(f"{proxy.host}/{base.rpartition(':')[0]}")
    print(*steps, sep="\n")
    *moved, last = steps
    assert all(step.built and step.pushes == 1 for step in moved)
    assert (last.built, last.pushes, last.sent) == (False, 0, 0)
    assert last.image == next(step.image for step in moved if step.spark == last.spark)
