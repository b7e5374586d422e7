"""`deploykit status`: server, deployed image, registry, last sync and drift of each environment, in one table."""

import click

from deploykit.cli import output
from deploykit.cli.environment_options import add_environment_options, environments
from deploykit.sync import status
from deploykit.sync.record import Entry
from deploykit.sync.status import Status


@click.command()
@click.argument("names", nargs=-1, metavar="[ENVIRONMENT]...")
@add_environment_options
@output.format_option
def command(*, names: tuple[str, ...], output_format: str, **options: object) -> None:
    """Show where each environment stands, within the --timeout.

    Whoever cannot be asked is a cell, and so is drift: the exit code is 0. A pipeline asks by `sync --check`.
    """
    found = status.look(environments(options, names), progress=output.progress())
    if output_format == "json":
        output.data_json([_as_json(one) for one in found])
        return
    output.table(
        ("ENVIRONMENT", "SERVER", "DEPLOYED", "REGISTRY", "LAST SYNC", "DRIFT"),
        [
            (
                one.environment.name,
                f"{one.server.version} ({one.server.confidence})" if one.server else "not known",
                (one.image.tag or one.image.digest[:19]) if one.image else "none",
                one.registry,
                one.syncs[-1].at if one.syncs else "none",
                _drift(one),
            )
            for one in found
        ],
    )
    for one in found:
        for drift in one.drift or ():
            output.talk(f"{one.environment.name}: {drift}")
        for problem in one.problems:
            output.talk(f"{one.environment.name}: {problem}")


def _drift(one: Status) -> str:
    if one.drift is None:
        return "not known"
    return ", ".join(dict.fromkeys(str(drift.kind) for drift in one.drift)) or "none"


def _as_json(one: Status) -> output.Json:
    server = one.server
    return {
        "environment": one.environment.name,
        "server": None if server is None else server.facts(),
        "image": "" if one.image is None else str(one.image),
        "registry": one.registry,
        "last_sync": _entry(one.syncs[-1]) if one.syncs else None,
        "syncs": [_entry(entry) for entry in one.syncs],
        "drift": None
        if one.drift is None
        else [{"kind": str(drift.kind), "from": drift.before, "to": drift.after} for drift in one.drift],
        "values": str(one.environment.values),
        "problems": list(one.problems),
    }


def _entry(entry: Entry) -> output.Json:
    return {
        "at": entry.at,
        "server": entry.server,
        "image": entry.image,
        "why": list(entry.why),
        "deploykit": entry.deploykit,
    }
