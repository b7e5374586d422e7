"""A plan as a person reads it, and as JSON."""

from deploykit.cli.output import Json
from deploykit.detect.evidence import Detection
from deploykit.errors import DeploykitError
from deploykit.image import wheelhouse
from deploykit.image.extras import PlannedExtra
from deploykit.plan import DOCKER, NOT_ASKED, REGISTRY, WARM, Plan
from deploykit.request import is_named

MB = 1_000_000
_MADE_BY = {
    DOCKER: "Docker",
    REGISTRY: "deploykit itself, in the registry",
    NOT_ASKED: "Docker where an engine answers, else deploykit itself",
}


def presence(plan: Plan, there: str | DeploykitError | None) -> str:
    """Whether the tag is in its registry: asked only where the request names a repository of its own."""
    if not is_named(plan.repository):
        return "not asked: no --repository was given"
    if isinstance(there, DeploykitError):
        return f"could not be asked: {there.why or there.what}"
    return f"there already: {there}" if there else "not there yet"


def rows(plan: Plan, detection: Detection | None, present: str) -> list[tuple[str, str]]:
    """The rows of the table."""
    said = "as asked for" if detection is None else f"{detection.confidence}: {detection.decisive.where} says so"
    inventory = plan.base.inventory
    shown = [
        ("image", plan.reference),
        ("in registry", present),
        ("made by", _MADE_BY[plan.engine]),
        ("server", f"Spark {plan.server} ({said})"),
        ("client", f"PySpark {plan.spark.release}{'' if plan.profile.jars else ' without jars'}"),
        ("verdict", f"{plan.verdict}: {plan.verdict.sentence}"),
        ("Python UDFs", plan.udfs.sentence),
        ("profile", _profile(plan)),
        *(
            [("left out", "\n".join(f"{name}: {cost}" for name, cost in plan.left_out.items()))]
            if plan.left_out
            else []
        ),
        ("base", f"{plan.base.reference}\n{_base(plan)}"),
        ("in the base", f"Mage {plan.mage}, Python {inventory.python}, {plan.platform}, glibc {inventory.glibc}"),
        *((f"with {extra.name}", "\n".join(_extra(extra))) for extra in plan.extras),
        ("added", "\n".join(f"{file.name} {file.version}" for file in plan.lock.added)),
        ("re-used", ", ".join(f"{name} {version}" for name, version in sorted(plan.lock.reused.items()))),
        ("lock", f"{plan.lock.source}; nothing of the base moves"),
        ("to fetch", _to_fetch(plan)),
    ]
    for item in plan.line.measured:
        replaced = f" in place of {item.declared}" if item.declared else ", which is not declared"
        shown.append(("measured", f"{item.real}{replaced}: {item.because}"))
    if detection is not None:
        shown += [("disagreement", text) for text in detection.disagreements]
    return shown


def _to_fetch(plan: Plan) -> str:
    missing = wheelhouse.to_fetch(plan.lock.added, plan.sdist, plan.line, jars=plan.profile.jars)
    missing += sum(extra.to_fetch for extra in plan.extras)
    if not missing:
        return "nothing: all of it is in the cache"
    packed = "" if plan.profile.jars else ", of which a wheel of 6 MB is kept"
    return f"{missing / MB:.0f} MB, once" + (
        f": mostly PySpark's published archive{packed}" if missing > 50 * MB else ""
    )


def _extra(extra: PlannedExtra) -> list[str]:
    wheels = [f"{file.name} {file.version}" for file in extra.lock.added]
    return [*wheels, *(f"{artifact.coordinates} ({artifact.size / MB:.0f} MB)" for artifact in extra.artifacts)]


def _profile(plan: Plan) -> str:
    java = f"Java {plan.java.version} by jlink" if plan.profile.java else "no Java"
    note = f"\n({plan.java.note})" if plan.java.note else ""
    warm = plan.warm and WARM not in plan.left_out
    return f"{plan.profile}: {java}, {'with' if warm else 'without'} bytecode for a warm start{note}"


def _base(plan: Plan) -> str:
    digest = plan.base.digest or "its digest is not known: `deploykit image` reads it, which changes the tag"
    return f"{digest} ({plan.base.note})" if plan.base.note else digest


def as_json(plan: Plan, detection: Detection | None, present: str) -> dict[str, Json]:
    """The same facts, by stable names."""
    return {
        "image": plan.reference,
        "repository": plan.repository,
        "tag": plan.tag,
        "inputs": plan.inputs,
        "registry": present,
        "server": str(plan.server),
        "confidence": "asked" if detection is None else str(detection.confidence),
        "client": plan.spark.release,
        "verdict": str(plan.verdict),
        "udfs": plan.udfs.works,
        "profile": str(plan.profile),
        "with": {extra.name: _extra(extra) for extra in plan.extras},
        "java": plan.java.version,
        "warm": plan.warm,
        "engine": plan.engine or None,
        "left_out": dict(plan.left_out),
        "platform": plan.platform,
        "base": {
            "reference": plan.base.reference,
            "digest": plan.base.digest,
            "assumed": plan.base.inventory.assumed,
            "python": plan.base.inventory.python,
            "mage": plan.mage,
        },
        "added": {file.name: file.version for file in plan.lock.added},
        "reused": dict(plan.lock.reused),
        "disagreements": [] if detection is None else list(detection.disagreements),
    }
