"""The parts of `deploykit check` that look at a cluster or a project: their options, and what they write."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deploykit.cli import output
from deploykit.cli.typed import refuse_typed

if TYPE_CHECKING:
    from deploykit.check.inside.probes import Inside
    from deploykit.check.model import Decide
    from deploykit.deploy.policies import Table
    from deploykit.kubernetes_api import KubernetesApi

_FILE = click.Path(dir_okay=False, path_type=Path)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What was asked of the cluster, or of a project."""

    place: str | None
    namespace: str
    release: str | None
    context: str | None
    svg: Path | None
    mermaid: Path | None
    patch: Path | None
    ilum_namespace: str | None
    query: bool
    project: Path | None


def options(function: Callable[..., int]) -> Callable[..., int]:
    """`--from mage` and what belongs to it, and `--project`; passes `inside`."""

    @wraps(function)
    def collect(**given: object) -> int:
        inside = {field.name: given.pop(field.name) for field in fields(Options)}
        return function(**given, inside=Options(**inside))  # type: ignore[arg-type] # click has made them so

    for option in reversed(_OPTIONS):
        collect = option(collect)
    return collect


_QUERY_SECONDS = 20
PLACES = ("mage", "server", "scheduler", "web", "worker", "unlabelled-worker", "test", "drift-check")
_OPTIONS = (
    click.option("--from", "place", type=click.Choice(PLACES), help="Look from every kind of Mage pod, or from one."),
    click.option(
        "--namespace",
        "--mage-namespace",
        "namespace",
        envvar="DEPLOYKIT_MAGE_NAMESPACE",
        default="mage",
        show_default=True,
        help="Mage's, not Spark's: the namespace that Mage runs in.",
    ),
    click.option("--release", envvar="DEPLOYKIT_RELEASE", help="With --from: the Helm release, of several."),
    click.option(
        "--context",
        envvar="DEPLOYKIT_CONTEXT",
        help="The kubeconfig's context; unless given the current one.",
    ),
    click.option("--svg", type=_FILE, metavar="FILE", help="With --from: draw pods, policies and ports."),
    click.option("--mermaid", type=_FILE, metavar="FILE", help="With --from: the same as Mermaid's text."),
    click.option(
        "--patch", type=_FILE, metavar="FILE", help="With --from: write the NetworkPolicies that are missing."
    ),
    click.option(
        "--ilum-namespace",
        envvar="DEPLOYKIT_ILUM_NAMESPACE",
        help="With --from: Ilum's own, where ilum-api is looked for; found by its Services unless given.",
    ),
    click.option(
        "--query/--no-query",
        default=True,
        show_default=True,
        help=f"With --from: ask one query from one pod that runs, once the way is open; up to {_QUERY_SECONDS} s.",
    ),
    click.option(
        "--project",
        type=click.Path(file_okay=False, exists=True, path_type=Path),
        metavar="DIR",
        help="Check the files of a Mage project, and no network.",
    ),
)


_INSIDE = ("release", "svg", "mermaid", "patch", "ilum_namespace", "query")
_HERE = ("client", "client_python")
_UNUSED = {
    "a look from here": _INSIDE,
    "--from": (*_HERE, "spark"),
    "--project": ("place", *_HERE, "timeout", "executor_python", "address", "server", "namespace", "context", *_INSIDE),
}
_BECAUSE = {
    "a look from here": ("It is about Mage's pods in a cluster.", "--from mage"),
    "--from": ("The pods' own PySpark and Python are judged.", "leave it out"),
    "--project": ("The project's files are read, and no server or cluster is asked.", "leave it out"),
}


def refuse_unused(chosen: Options) -> None:
    """Raises `UsageError` for an option that was typed and that this kind of check has no use for."""
    kind = "--project" if chosen.project else "--from" if chosen.place else "a look from here"
    why, fix = _BECAUSE[kind]
    refuse_typed(_UNUSED[kind], kind, why=why, fix=fix)


def judge(url: str | None, chosen: Options, *, seconds: float) -> "Decide":
    """Of failures that were met here: the context that was named is asked, or the current one about a Service's name.

    Each question has `seconds`; the current context has what is left of them from now, for the whole: nobody has
    asked for it.
    """
    from deploykit.check.cluster import outside
    from deploykit.kubernetes_api import is_set_up
    from mage_ilum.deadline import Deadline

    if chosen.context is None and not is_set_up():
        return outside.judge(url, None)
    limit = None if chosen.context else Deadline(seconds)

    def open_api() -> "KubernetesApi":
        from deploykit.kubernetes_api import KubernetesApi

        return KubernetesApi(chosen.context, timeout=seconds, limit=limit)

    return outside.judge(url, open_api, home=chosen.namespace, chosen=chosen.context is not None)


def run(
    url: str | None,
    chosen: Options,
    *,
    spark: str | None,
    executor_python: str | None,
    timeout: float,
    output_format: str,
) -> int:
    """Check from Mage's pods, or a project; print what was found, and write the files that were asked for."""
    if chosen.project is not None:
        return _project(chosen.project, spark, output_format)
    from deploykit.cli import check_view, policies_view

    found = _from_mage(url, chosen, executor_python, timeout)
    if output_format == "json":
        output.data_json({**found.walk.to_json(), "policies": policies_view.as_json(found.allowed)})
    else:
        output.data(f"{check_view.text(found.walk)}\n")
        policies_view.show_table(found.allowed)
        output.data(f"\n{_summary(found)}")
    return found.walk.exit_code


def _project(project: Path, spark: str | None, output_format: str) -> int:
    from deploykit.check.model import Walk
    from deploykit.check.project import checks
    from deploykit.cli import check_view

    walk = Walk(steps=checks.steps(checks.read(project, spark=spark), where="here"))
    if output_format == "json":
        output.data_json(walk.to_json())
        return walk.exit_code
    sure = all(step.outcome == "ok" for step in walk.steps)
    fits = "The project fits." if sure else "Nothing is wrong for certain; see the warnings."
    output.data(f"{check_view.text(walk)}\n\n{check_view.summary(walk) if walk.failure else fits}")
    return walk.exit_code


def _from_mage(url: str | None, chosen: Options, executor_python: str | None, timeout: float) -> "Inside":
    from deploykit.check.inside import probes
    from deploykit.cli import policies_view
    from deploykit.kubernetes_api import KubernetesApi

    api = KubernetesApi(chosen.context, timeout=timeout)
    only = None if chosen.place == "mage" else chosen.place
    found = probes.check(
        api,
        namespace=chosen.namespace,
        release=chosen.release,
        url=url,
        only=only,
        ilum_namespace=chosen.ilum_namespace,
        executor_python=executor_python,
        query_seconds=_QUERY_SECONDS if chosen.query else 0,
        say=output.talk,
    )
    _draw(found.allowed.table, chosen)
    policies_view.write_patches(chosen.patch, found.allowed.patches)
    return found


def _draw(table: "Table", chosen: Options) -> None:
    if chosen.svg is None and chosen.mermaid is None:
        return
    from deploykit import files
    from deploykit.check.picture.drawing import picture
    from deploykit.check.picture.mermaid import mermaid
    from deploykit.check.picture.svg import svg

    for path, draw in ((chosen.svg, svg), (chosen.mermaid, mermaid)):
        if path is not None:
            files.write(path, draw(picture(table)), fix="another file")
            output.talk(f"Wrote {path}")


def _summary(found: "Inside") -> str:
    from deploykit.cli import check_view

    failing = {step.where: None for step in found.walk.steps if step.outcome == "failed"}
    if failing:
        return f"Not all is well: {', '.join(failing)}. {check_view.summary(found.walk)}"
    reached = {step.where for step in found.walk.steps if step.name == "spark-connect" and step.outcome == "ok"}
    unasked = [kind for kind in found.kinds if kind not in reached]
    told = [f"Mage's pods reach Spark {found.walk.server}: {', '.join(filter(reached.__contains__, found.kinds))}."]
    told += [f"Not asked: {', '.join(unasked)}."] if unasked else []
    return " ".join(told if reached else told[1:])
