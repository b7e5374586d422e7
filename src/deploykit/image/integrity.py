"""All of an image in its registry, and not just its tag: what was lost is made good by the same bytes, or said."""

from collections.abc import Callable

from deploykit.errors import BuildError
from deploykit.plan import Plan
from deploykit.progress import Progress
from deploykit.registry import Registry


def ensure(plan: Plan, digest: str, *, registry: Registry, again: Callable[[], str | None], progress: Progress) -> bool:
    """Make sure that each part of the plan's image is there; whether something had to be put there again.

    `again` puts there what it can, and returns the digest of the image that this is. A tag that is there is not pushed
    over: where it is another image than the one that has lost a part, `BuildError` says what is left to do.
    """
    progress.step(f"Checking that all of {plan.reference} is in the registry")
    if not (lost := registry.missing(digest)):
        return False
    progress.step(f"The registry has lost a part of {plan.reference}: putting the same image there again")
    if (made := again()) != digest:
        other = f"what is made here is another image, {made}" if made else "no engine here has the very same image"
        raise BuildError(
            f"The registry has lost a part of {plan.reference}.",
            why=f"{lost[0]} is not there, and {other}.",
            fix="remove the tag from the registry, and run it again; or run it where that image was made",
        )
    if lost := registry.missing(digest):
        raise BuildError(
            f"{plan.reference} was pushed, but the registry does not have all of it.",
            why=f"{lost[0]} is not there after the push.",
            fix="run it again",
        )
    return True
