"""Read Ilum's default image in the values of a Helm release. They hold its passwords: only when asked, and no more."""

import base64
import gzip
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from deploykit.detect.evidence import Confidence
from deploykit.detect.images import from_image
from deploykit.detect.side_by_side import Answer, together
from deploykit.errors import UnreachableError
from deploykit.kubernetes_api import Item, KubernetesApi

RESOURCE = "secrets"
"""Where Helm keeps its releases, unless HELM_DRIVER says otherwise."""
_IMAGE = re.compile(r"((.+\.)?ilum-core\.)?kubernetes\.(.+\.)?container\.image(\.repository)?")
_UPGRADE = "kubernetes.upgradeClusterOnStartup"
_NOT_UPGRADED = (
    "Without upgradeClusterOnStartup: true, a value that changed after the first installation does not reach Ilum."
)


def ask(api: KubernetesApi, namespace: str, release: str) -> Answer:
    """What the release's deployed revision says; raises `UnreachableError` where there is none, or no image."""
    found = api.list_objects(RESOURCE, namespace, label_selector=f"owner=helm,name={release},status=deployed")
    if not found:
        raise UnreachableError(
            f"There is no Helm release {release} in namespace {namespace}.",
            why="No Secret there holds a deployed revision of it.",
            fix=f"helm list --namespace {namespace}, and name it as in --helm-values NAMESPACE/RELEASE",
        )
    newest = max(found, key=lambda item: int(item["metadata"]["labels"].get("version", 0)))
    try:
        values = values_of(newest)
    except (KeyError, ValueError, TypeError, OSError, EOFError):
        raise UnreachableError(
            f"What Helm keeps of release {release} in namespace {namespace} cannot be read.",
            why=f"Secret {newest['metadata']['name']} is not as Helm 3 and 4 write it.",
            fix=f"helm get values {release} --namespace {namespace} --all",
        ) from None
    return read(values, f"Helm release {namespace}/{release}")


def read(values: Mapping[str, Any], where: str) -> Answer:
    """What the values say by the image of Ilum's default cluster; raises `UnreachableError` where they name none."""
    kept = {key: text for key, text in _flat(values) if _is_wanted(key)}
    upgraded = any(text.lower() == "true" for key, text in kept.items() if key.endswith(_UPGRADE))
    answer = together(
        from_image(
            image,
            source="Helm values",
            where=f"{where}, {key}",
            confidence=Confidence.GUESS,
            server="Ilum",
            note="" if upgraded else _NOT_UPGRADED,
        )
        for key, image in _images(kept)
    )
    if not answer.evidence:
        raise UnreachableError(
            f"{where} names no Spark version.",
            why=" ".join(answer.unclear)
            or "Its values have no image at ilum-core.kubernetes whose tag names one; a release does not hold what a "
            "sub-chart sets by itself.",
            fix="name the server itself: --server sc://host:15002",
        )
    return answer


def values_of(secret: Item) -> Mapping[str, Any]:
    """The values of a release: what was given over the chart's own. Raises `ValueError` and its like."""
    packed = base64.b64decode(base64.b64decode(secret["data"]["release"]))
    content = gzip.decompress(packed) if packed[:2] == b"\x1f\x8b" else packed
    release = json.loads(content)
    return _over(release.get("config") or {}, (release.get("chart") or {}).get("values") or {})


def _over(given: Mapping[str, Any], default: Mapping[str, Any]) -> dict[str, Any]:
    """Helm's merge: tables by key, everything else as given; `null` takes a default away."""
    whole = {**default, **given}
    for key, value in given.items():
        below = default.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            whole[key] = _over(value, below)
    return {key: value for key, value in whole.items() if value is not None}


def _flat(values: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Every text by its path, whether written as nested tables or with dots in a key."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{path}{key}.")
        elif isinstance(value, str | bool | int | float):
            yield f"{path}{key}", str(value)


def _is_wanted(key: str) -> bool:
    return _IMAGE.fullmatch(key.removesuffix(".tag")) is not None or key.endswith(_UPGRADE)


def _images(kept: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The images, written as one text or as repository and tag."""
    for key, text in kept.items():
        if key.endswith(".image"):
            yield key, text
        elif key.endswith(".image.repository"):
            tag = kept.get(f"{key.removesuffix('.repository')}.tag", "")
            yield key.removesuffix(".repository"), f"{text}:{tag}"
