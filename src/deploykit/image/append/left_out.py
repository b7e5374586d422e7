"""What of a plan can be made without an engine, known before its tag is: the rest is left out, and the plan says so."""

from dataclasses import replace

from deploykit.image import warm_list
from deploykit.image.append import existing_layers
from deploykit.image.layers import interpreter
from deploykit.image.layers.keys import keys
from deploykit.plan import BYTECODE, RECORDING, WARM, Plan
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
    inventory = plan.base.inventory
    compiler = interpreter.find(inventory.python, fetch=progress is not None)
    here = "here, unless uv can bring one" if progress is None else "here"
    no_python = f"there is no Python {inventory.python_minor} {here}" if compiler is None else ""
    left_out = {}
    if no_python:
        left_out[BYTECODE] = f"{no_python}: each new pod compiles the client"
    if plan.warm and not existing_layers.find(plan, {WARM: keys(plan)[WARM]}, registry):
        no_list = "" if warm_list.names(plan.mage) else f"nobody has listed what Mage {plan.mage} imports"
        name, cost = _not_taken(plan, no_python or no_list)
        left_out[name] = cost
    return replace(plan, compiler="" if compiler is None else compiler.version, left_out=left_out)


def _not_taken(plan: Plan, lacking: str) -> tuple[str, str]:
    """What an image has to do without where no other one has its warm layer, and what that costs."""
    if lacking:
        return WARM, (
            f"no image of ours that was looked at in the repository has it for this base, and {lacking}: a worker pod "
            "starts some seconds later"
        )
    return RECORDING, (
        f"the warm layer is by the list of Mage {plan.mage}, not recorded in this base by Docker: what a worker "
        "imports beyond that, each new pod compiles"
    )
