"""What of a plan can be made without an engine, known before its tag is: the rest is left out, and the plan says so."""

from dataclasses import replace

from deploykit.image.append import taken
from deploykit.image.layers import interpreter
from deploykit.image.layers.keys import keys
from deploykit.plan import BYTECODE, WARM, Plan
from deploykit.progress import Progress
from deploykit.registry import Registry


def possible(plan: Plan, *, progress: Progress | None) -> Plan:
    """The plan as this machine can make it in this repository: one that leaves something out has a tag of its own.

    An image with nothing left out that the registry has already needs nothing made, and is the plan's. Without
    `progress` it is a question, that waits for nobody and brings nothing.
    """
    registry = Registry.of(plan.repository, plan, progress=progress)
    return plan if registry.digest(plan.tag) is not None else without(plan, registry, progress=progress)


def without(plan: Plan, registry: Registry, *, progress: Progress | None) -> Plan:
    """The plan without what cannot be made here, of an image that the registry does not have."""
    python = plan.base.inventory.python
    compiler = interpreter.find(python, fetch=progress is not None)
    left_out = {}
    if compiler is None:
        here = "here, unless uv can bring one" if progress is None else "here"
        left_out[BYTECODE] = (
            f"there is no Python {plan.base.inventory.python_minor} {here}: each new pod compiles the client"
        )
    if plan.warm and not taken.find(plan, {WARM: keys(plan)[WARM]}, registry):
        left_out[WARM] = (
            "only an engine makes it, and no image of ours in the repository has it for this base: a worker pod starts "
            "some seconds later"
        )
    return replace(plan, compiler="" if compiler is None else compiler.version, left_out=left_out)
