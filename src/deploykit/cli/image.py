"""`deploykit image`: built, verified, pushed; the last line on stdout is what names the image exactly."""

from dataclasses import replace

import click

from deploykit.cli import output, plan_view
from deploykit.cli.request_options import request_options
from deploykit.cli.sign_options import sign_key
from deploykit.errors import UsageError
from deploykit.image.build import Result, build
from deploykit.image.engine import Engine
from deploykit.image.platform import MACHINES
from deploykit.plan import REGISTRY, Plan
from deploykit.planning import detected, exact, for_nodes
from deploykit.progress import Progress
from deploykit.registry import Registry
from deploykit.request import Request, is_named
from deploykit.supply_chain import complete, ready

PLATFORMS = tuple(MACHINES.values())


@click.command()
@request_options
@click.option("--push/--no-push", default=False, envvar="DEPLOYKIT_PUSH", help="Push the image when it is verified.")
@click.option(
    "--verify/--no-verify",
    "verified",
    default=True,
    envvar="DEPLOYKIT_VERIFY",
    help="Try in the image what must hold in it.",
)
@sign_key
@click.option(
    "--also-platform",
    "others",
    type=click.Choice(PLATFORMS),
    multiple=True,
    envvar="DEPLOYKIT_ALSO_PLATFORM",
    help="Make it for this platform too, and one index that names all of them.",
)
@output.format_option
def command(
    *,
    request: Request,
    push: bool,
    verified: bool,
    sign_key: str | None,
    others: tuple[str, ...],
    output_format: str,
) -> None:
    """Build, verify and push the Mage image that fits; with its bill of materials, and signed where a key is given."""
    if push and not is_named(request.repository):
        raise UsageError(
            "--push needs to know where the image belongs.", fix="--repository registry.example.com/team/mage-ilum"
        )
    if others and not push:
        raise UsageError("--also-platform makes an index, and only a registry has such.", fix="--push")
    if push and sign_key:
        ready(sign_key)
    engine = Engine(timeout=request.timeout)
    if not push:
        _needs_engine(request, engine)
    progress = output.progress()
    detection = detected(request)
    request = for_nodes(request, progress=progress)
    plans: list[Plan] = []
    results: list[Result] = []
    for platform in dict.fromkeys((request.platform, *others)):
        plan = exact(replace(request, platform=platform), detection, engine=engine, progress=progress)
        output.talk_facts(plan_view.rows(plan, detection, "asked below" if push else "not asked: not to be pushed"))
        result = build(plan, push=push, verified=verified, engine=engine, progress=progress)
        if push:
            registry = Registry.of(request.repository, request, progress=progress)
            complete(plan, result.reference, result.digest, registry=registry, key=sign_key, progress=progress)
        plans.append(plan)
        results.append(result)
    if len(plans) > 1:
        result = _index(plans, results, request, sign_key, progress)
    if output_format == "json":
        output.data_json(
            {
                "image": result.exact,
                "reference": result.reference,
                "digest": result.digest,
                "id": result.id,
                "spark": plan.spark.release,
                "built": result.built,
                "pushed": result.pushed,
            }
        )
    else:
        output.data(result.exact)
    if not push:
        output.talk(
            f"Not pushed: only this engine has it, as {result.reference}. A cluster needs --push --repository …."
        )


def _index(
    plans: list[Plan], results: list[Result], request: Request, sign_key: str | None, progress: Progress
) -> Result:
    """The images as one, signed as each of them is."""
    from deploykit.image.append import index
    from deploykit.supply_chain.sign import sign

    registry = Registry.of(request.repository, request, progress=progress)
    tag, digest = index.put(plans, registry)
    reference = f"{request.repository}:{tag}"
    if sign_key:
        sign(registry, digest, key=sign_key, progress=progress, what=reference)
    return Result(
        reference=reference,
        digest=digest,
        id="",
        built=any(result.built for result in results),
        pushed=any(result.pushed for result in results),
    )


def _needs_engine(request: Request, engine: Engine) -> None:
    """Only an engine keeps an image that is not pushed."""
    if request.engine == REGISTRY:
        raise UsageError(
            "--engine registry makes the image in its registry, and nowhere else.",
            fix="--push --repository registry.example.com/team/mage-ilum",
        )
    engine.ping()
