"""Ilum is upgraded, upgraded, rolled back and upgraded again, with a sync after each: what each of them did."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.sync.checkout import Checkout
from tests.sync.registry_proxy import RegistryProxy

MOVES = ("4.0.5", "4.1.1", "3.5.7", "4.1.1")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One sync: the Spark of the server, the image, and what it took. `pushes`: manifests; `sent`: bytes."""

    spark: str
    image: str
    built: bool
    pushes: int
    sent: int
    seconds: float


def follow(
    checkout: Checkout, proxy: RegistryProxy, move: Callable[[str], Sequence[str]], versions: Sequence[str] = MOVES
) -> list[Step]:
    """Sync after each move; `move` brings the server to a version and returns the options that name it."""
    steps = []
    for version in versions:
        options = move(version)
        proxy.heal()
        done = checkout.sync(*options, seconds=900)
        assert done.code == 0, done.err
        said = done.result
        assert said["spark"] == version
        assert checkout.image()["digest"] == said["digest"]
        calls = list(proxy.calls)
        steps.append(
            Step(
                spark=version,
                image=said["image"],
                built=said["built"],
                pushes=sum(call.kind == "PUT manifest by tag" for call in calls),
                sent=sum(call.up for call in calls),
                seconds=said["seconds"],
            )
        )
    return steps
