"""`deploykit sync`: in lock-step with Spark; does something only where something drifted."""

from pathlib import Path

import click

from deploykit.cli import output
from deploykit.cli.environment_options import add_environment_options, environments
from deploykit.cli.seconds import Seconds
from deploykit.cli.sign_options import sign_key
from deploykit.errors import DeploykitError
from deploykit.sync import summary as summary_of
from deploykit.sync import sync
from deploykit.sync.outcome import Options, Outcome

DRIFT = 5


@click.command()
@click.argument("names", nargs=-1, metavar="[ENVIRONMENT]...")
@add_environment_options
@click.option("--check", is_flag=True, help="Only compare; exit 5 where a sync would act.")
@click.option("--full", is_flag=True, help="Look at base, Java, wheels, patches and deploykit itself too.")
@click.option(
    "--max-wait",
    type=Seconds(zero=True),
    default=0.0,
    show_default=True,
    envvar="DEPLOYKIT_MAX_WAIT",
    help="Seconds to wait for a server that is restarting.",
)
@click.option(
    "--verify/--no-verify",
    "verified",
    default=True,
    envvar="DEPLOYKIT_VERIFY",
    help="Try in a new image what must hold in it.",
)
@sign_key
@click.option(
    "--outputs",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar=["DEPLOYKIT_OUTPUTS", "GITHUB_OUTPUT"],
    help="Append `image=…` and the like for later steps of a pipeline.",
)
@click.option(
    "--summary",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar=["DEPLOYKIT_SUMMARY", "GITHUB_STEP_SUMMARY"],
    help="Append a Markdown table of what was found and done.",
)
@click.option(
    "--written",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="DEPLOYKIT_WRITTEN",
    help="Append the files to commit, one a line: values, and the record beside them.",
)
@output.format_option
def command(
    *,
    names: tuple[str, ...],
    check: bool,
    full: bool,
    max_wait: float,
    verified: bool,
    sign_key: str | None,
    outputs: Path | None,
    summary: Path | None,
    written: Path | None,
    output_format: str,
    **request: object,
) -> int:
    """Detect, compare, and only on drift: build, push, and write the image into the values.

    Without [environments.NAME] in deploykit.toml, the options say which server, repository and values file.
    A token for the server is read from SPARK_CONNECT_AUTHENTICATE_TOKEN.
    """
    options = Options(check=check, full=full, max_wait=max_wait, verified=verified, sign_key=sign_key)
    found: list[Outcome] = []
    for environment in environments(request, names):
        output.talk(f"==> {environment.name}")
        outcome = sync.run(environment, options, progress=output.progress())
        if outcome.error is not None:
            output.error(outcome.error)
        for note in outcome.notes:
            output.talk(f"Note: {note}")
        found.append(outcome)
    if output_format == "json":
        output.data_json([_as_json(outcome) for outcome in found])
    else:
        _print(found)
    if outputs is not None:
        summary_of.append(outputs, summary_of.outputs(found))
    if summary is not None:
        summary_of.append(summary, summary_of.markdown(found))
    if written is not None:
        summary_of.append(written, summary_of.files(found))
    return _exit_code(found, check=check)


def _exit_code(found: list[Outcome], *, check: bool) -> int:
    failed = [outcome.error.exit_code for outcome in found if outcome.error is not None]
    return failed[0] if failed else DRIFT if check and any(outcome.acts for outcome in found) else 0


def _print(found: list[Outcome]) -> None:
    rows = [
        (
            outcome.environment.name,
            "?" if outcome.server is None else str(outcome.server.version),
            "?" if outcome.after is None else str(outcome.after),
            summary_of.did(outcome),
        )
        for outcome in found
    ]
    output.table(("ENVIRONMENT", "SERVER", "IMAGE", "DONE"), rows)


def _as_json(outcome: Outcome) -> output.Json:
    server = outcome.server
    return {
        "environment": outcome.environment.name,
        "server": None if server is None else server.facts(),
        "before": "" if outcome.before is None else str(outcome.before),
        "image": "" if outcome.after is None else str(outcome.after),
        "digest": "" if outcome.after is None else outcome.after.digest,
        "spark": outcome.spark,
        "verdict": outcome.verdict,
        "drift": [
            {"kind": str(item.kind), "from": item.before, "to": item.after, "policy": str(item.policy)}
            for item in outcome.drift
        ],
        "notes": list(outcome.notes),
        "changed": outcome.changed,
        "built": outcome.built,
        "pushed": outcome.pushed,
        "values": str(outcome.environment.values),
        "seconds": round(outcome.seconds, 3),
        "error": _error(outcome.error),
    }


def _error(error: DeploykitError | None) -> output.Json:
    if error is None:
        return None
    return {"code": error.exit_code, "what": error.what, "why": error.why, "fix": error.fix}
