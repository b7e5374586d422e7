"""`deploykit plan`: what would be built, and why."""

import click

from deploykit.cli import output, plan_view
from deploykit.cli.request_options import request_options
from deploykit.image.engine import Engine
from deploykit.planning import detected, quick
from deploykit.request import Request


@click.command()
@request_options
@output.format_option
def command(*, request: Request, output_format: str) -> None:
    """Show what would be built, and why; build nothing."""
    engine = Engine(timeout=request.timeout)
    detection = detected(request)
    plan = quick(request, detection, engine=engine, progress=output.progress())
    presence = plan_view.presence(plan, engine)
    if output_format == "json":
        output.data_json(plan_view.as_json(plan, detection, presence))
    else:
        output.facts(plan_view.rows(plan, detection, presence))
