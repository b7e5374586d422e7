"""The parts of `deploykit check` that look at a cluster or a project: their options, and what they write."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deploykit.cli import output

if TYPE_CHECKING:
    from deploykit.check.inside.probes import Inside
    from deploykit.check.model import Decide
    from deploykit.deploy.policies import Table

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


_PLACES = ("mage", "server", "scheduler", "web", "worker", "test", "drift-check")
_OPTIONS = (
    click.option("--from", "place", type=click.Choice(_PLACES), help="Look from every kind of Mage pod, or from one."),
    click.option(
        "--namespace",
        "--mage-namespace",
        "namespace",
        envvar="DEPLOYKIT_MAGE_NAMESPACE",
        default="mage",
        show_default=True,
        help="With --from: the namespace that Mage runs in.",
    ),
    click.option("--release", envvar="DEPLOYKIT_RELEASE", help="With --from: the Helm release, of several."),
    click.option("--context", envvar="DEPLOYKIT_CONTEXT", help="The kubeconfig's context, which then tells causes."),
    click.option("--svg", type=_FILE, metavar="FILE", help="With --from: draw pods, policies and ports."),
    click.option("--mermaid", type=_FILE, metavar="FILE", help="With --from: the same as Mermaid's text."),
    click.option(
        "--patch", type=_FILE, metavar="FILE", help="With --from: write the NetworkPolicies that are missing."
    ),
    click.option(
        "--project",
        type=click.Path(file_okay=False, exists=True, path_type=Path),
        metavar="DIR",
        help="Check the files of a Mage project, and no network.",
    ),
)


def refuse_files(chosen: Options) -> None:
    """Raises `UsageError` for files that nothing would be written to."""
    from deploykit.errors import UsageError

    given = {"--svg": chosen.svg, "--mermaid": chosen.mermaid, "--patch": chosen.patch}
    option = next((name for name, path in given.items() if path is not None), None)
    if option is not None:
        raise UsageError(f"{option} needs --from: there is nothing to write of a look from here.", fix="--from mage")


def judge(url: str | None, chosen: Options) -> "Decide":
    """Of failures that were met here: the cluster is asked where a context was named."""
    from deploykit.check.cluster import outside

    if chosen.context is None:
        return outside.judge(url, None)
    from deploykit.kubernetes_api import KubernetesApi

    return outside.judge(url, lambda: KubernetesApi(chosen.context))


def run(url: str | None, chosen: Options, *, spark: str | None, output_format: str) -> int:
    """Check from Mage's pods, or a project; print what was found, and write the files that were asked for."""
    from deploykit.cli import check_view

    if chosen.project is not None:
        from deploykit.check.model import Walk
        from deploykit.check.project import checks

        walk, more = Walk(steps=checks.steps(checks.read(chosen.project, spark=spark), where="here")), {}
        sure = all(step.outcome == "ok" for step in walk.steps)
        fits = "The project fits." if sure else "Nothing is wrong for certain; see the warnings."
        summary = check_view.summary(walk) if walk.failure else fits
    else:
        found = _from_mage(url, chosen)
        walk, more, summary = found.walk, {"patches": list(found.patches)}, _summary(found)
    if output_format == "json":
        output.data_json({**walk.to_json(), **more})
    else:
        output.data(check_view.text(walk))
        output.data(f"\n{summary}")
    return walk.exit_code


def _from_mage(url: str | None, chosen: Options) -> "Inside":
    from deploykit.check.inside import probes
    from deploykit.kubernetes_api import KubernetesApi

    api = KubernetesApi(chosen.context)
    only = None if chosen.place == "mage" else chosen.place
    found = probes.check(api, namespace=chosen.namespace, release=chosen.release, url=url, only=only, say=output.talk)
    _draw(found.allowed.table, chosen)
    if chosen.patch is not None:
        import yaml

        chosen.patch.write_text(yaml.safe_dump_all(found.patches, sort_keys=False), encoding="utf-8")
        output.talk(f"Wrote {len(found.patches)} NetworkPolicies to {chosen.patch}")
    return found


def _draw(table: "Table", chosen: Options) -> None:
    if chosen.svg is None and chosen.mermaid is None:
        return
    from deploykit.check.picture.drawing import picture
    from deploykit.check.picture.mermaid import mermaid
    from deploykit.check.picture.svg import svg

    for path, draw in ((chosen.svg, svg), (chosen.mermaid, mermaid)):
        if path is not None:
            path.write_text(draw(picture(table)), encoding="utf-8")
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
