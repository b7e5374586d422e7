"""From options, variables and `deploykit.toml` to environments: the same for `sync` and `status`.

A flag comes before a variable, that before `[environments.NAME]`, and that before the top level of `deploykit.toml`.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import click

from deploykit.cli import settings
from deploykit.cli.request_options import NAMES, WHICH_SPARK, Place, add_options, place, to_request
from deploykit.detect.evidence import Confidence
from deploykit.errors import UsageError
from deploykit.sync.environment import DEFAULT, Environment, called, policies, refuse_shared_values

FOR_ONE = (*NAMES, "values", "confidence")
"""The options, as click names them, that an environment can have for itself."""
OWN = ("token-env", "drift")
"""What an environment has that no option stands for."""


def add_environment_options(function: Callable[..., object]) -> Callable[..., object]:
    """Add the options of a request, and those that say which values file names the image and what counts as sure."""
    for option in (
        click.option(
            "--values",
            type=click.Path(dir_okay=False, path_type=Path),
            envvar="DEPLOYKIT_VALUES",
            help="The Helm values file that names the image.",
        ),
        click.option(
            "--confidence",
            type=click.Choice([str(each) for each in Confidence]),
            default=str(Confidence.MEDIUM),
            show_default=True,
            envvar="DEPLOYKIT_CONFIDENCE",
            help="How sure the server's version has to be before an image is changed for it.",
        ),
    ):
        function = option(function)
    return add_options(function)


def environments(options: Mapping[str, object], names: Sequence[str]) -> list[Environment]:
    """Those that are named, else all of `deploykit.toml`, else the one that the options make; raises `UsageError`."""
    if not settings.CONFIG.is_file() and (names or not options["values"]):
        raise UsageError(
            f"There is no {settings.CONFIG} in this folder.",
            fix="the folder that has it; or the options --server, --repository and --values",
        )
    file = settings.read()
    tables = {str(name): table for name, table in file.get("environments", {}).items()}
    if unknown := [name for name in names if name not in tables]:
        raise UsageError(
            f"There is no environment {', '.join(unknown)}.",
            fix=f"one of {', '.join(tables)}" if tables else f"[environments.{unknown[0]}] in {settings.CONFIG}",
        )
    chosen = {name: tables[name] for name in names or tables} or {DEFAULT: {}}
    if any(not isinstance(table, dict) for table in chosen.values()):
        raise UsageError(f"{settings.CONFIG} has an environment that is no table.", fix="[environments.NAME]")
    _refuse_for_several(options, list(chosen))
    found = [_environment(name, table, options, file.get("drift", {})) for name, table in chosen.items()]
    refuse_shared_values(found)
    return found


def _environment(
    name: str, table: Mapping[str, object], options: Mapping[str, object], drift: Mapping[str, object]
) -> Environment:
    own = {key.replace("_", "-"): value for key, value in table.items()}
    if "servers" in own:
        own["server"] = own.pop("servers")
    values, places = _merged(name, own, options)
    if not values["values"]:
        raise UsageError(
            f"{called(name)} does not say which values file names its image.",
            fix='--values values.yaml, or values = "values.yaml" in deploykit.toml',
        )
    own_drift = own.get("drift", {})
    if not isinstance(own_drift, dict):
        raise UsageError(f"[environments.{name}] has a drift that is no table.", fix=f"[environments.{name}.drift]")
    return Environment(
        name=name,
        request=to_request({key: values[key] for key in NAMES}, lambda key: places[key]),
        values=Path(str(values["values"])),
        token=_token(name, own.get("token-env")),
        policies=policies(drift, own_drift),
        confidence=Confidence[str(values["confidence"]).upper()],
    )


def _merged(
    name: str, own: Mapping[str, object], options: Mapping[str, object]
) -> tuple[Mapping[str, object], Mapping[str, Place]]:
    """The options with an environment's own settings over those of the top level, and where each was set."""
    context = click.get_current_context()
    known = settings.parameters(str(context.info_name))
    keys = {key: parameter.name or key for key, parameter in known.items()}
    where = f"[environments.{name}] of {settings.CONFIG}"
    settings.refuse_unknown(where, own.keys() - keys.keys() - set(OWN), {*keys, *OWN})
    if common := sorted(key for key in own.keys() - set(OWN) if keys[key] not in FOR_ONE):
        raise UsageError(
            f"{where} has {', '.join(common)}, which is for all environments.",
            fix=f"set it at the top of {settings.CONFIG}",
        )
    values = dict(options)
    places = {key: place(key) for key in options}
    for key, value in own.items():
        if key in OWN or places[keys[key]] < Place.ENVIRONMENT:
            continue
        values[keys[key]] = known[key].process_value(context, settings.checked(where, key, value, known[key]))
        places[keys[key]] = Place.ENVIRONMENT
        if key == "server":
            values["sharing"] = context.params["sharing"]  # where its callback leaves the others
    return values, places


def _refuse_for_several(options: Mapping[str, object], names: Sequence[str]) -> None:
    near = [name for name in (*WHICH_SPARK, "values") if options.get(name) and place(name) < Place.ENVIRONMENT]
    if len(names) > 1 and near:
        option = f"--{near[0].replace('_', '-')}"
        raise UsageError(
            f"{option} is for one environment, and there are {len(names)}: {', '.join(names)}.",
            fix=f"name one of them, as in `deploykit sync {names[0]} {option} …`",
        )


def _token(name: str, variable: object) -> str:
    if not variable:
        return ""
    token = os.environ.get(str(variable), "")
    if not token:
        raise UsageError(
            f"Environment {name} takes its token from {variable}, which is not set.",
            fix=f"set {variable} to the server's token, as a secret of the pipeline",
        )
    return token
