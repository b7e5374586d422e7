"""`deploykit image`: built, verified, pushed; the last line on stdout is what names the image exactly."""

import click

from deploykit import catalog
from deploykit.cli import output, plan_view
from deploykit.cli.request_options import request_options
from deploykit.errors import UsageError
from deploykit.image.build import build
from deploykit.image.engine import Engine
from deploykit.planning import detected, exact
from deploykit.request import Request


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
@output.format_option
def command(*, request: Request, push: bool, verified: bool, output_format: str) -> None:
    """Build, verify and push the Mage image that fits."""
    if push and request.repository == catalog.load().defaults.repository:
        raise UsageError(
            "--push needs to know where the image belongs.", fix="--repository registry.example.com/team/mage-ilum"
        )
    engine = Engine(timeout=request.timeout)
    progress = output.progress()
    detection = detected(request)
    plan = exact(request, detection, engine=engine, progress=progress)
    output.talk_facts(plan_view.rows(plan, detection, "asked below" if push else "not asked: not to be pushed"))
    result = build(plan, push=push, verified=verified, engine=engine, progress=progress)
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
