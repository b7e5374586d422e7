"""`deploykit render DIR`: Dockerfile and context, values and policies, as files to review."""

from pathlib import Path

import click

from deploykit.cli import output
from deploykit.cli.request_options import request_options
from deploykit.image.engine import Engine
from deploykit.planning import detected, for_nodes, quick
from deploykit.render import render
from deploykit.request import Request


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR")
@request_options
@click.option("--wheels/--no-wheels", default=True, help="Fetch the wheels too, so that the context can be built.")
@output.format_option
def command(*, folder: Path, request: Request, wheels: bool, output_format: str) -> None:
    """Write Dockerfile, build context, values and policies to a folder."""
    progress = output.progress()
    detection = detected(request)
    request = for_nodes(request, progress=progress)
    plan = quick(request, detection, engine=Engine(timeout=request.timeout), progress=progress)
    written = render(plan, request, folder, wheels=wheels, progress=progress)
    output.data_list([str(path) for path in written], output_format)
