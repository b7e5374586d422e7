"""Whether a bill of materials is one, and is about the image that it is attached to. Pure."""

import json
from collections.abc import Mapping
from typing import Any

from deploykit.image.label_names import PREFIX


def problems(data: bytes, *, labels: Mapping[str, str], digest: str) -> list[str]:
    """What is wrong with a document, in sentences; none for the one that deploykit attached."""
    try:
        document = json.loads(data)
        image = document["metadata"]["component"]
        said = {entry["name"]: entry["value"] for entry in image["properties"]}
        components = document["components"]
        unnamed = [part["name"] for part in components if not part.get("purl") and part["type"] != "operating-system"]
        unhashed = [component["name"] for component in components if _is_file(component) and not _sha256(component)]
    except (ValueError, KeyError, TypeError, AttributeError):
        return ["it cannot be read as CycloneDX"]
    own = {name: value for name, value in labels.items() if name.startswith(PREFIX)}
    found = [
        f"it says {name} {said.get(name, '')!r}, the image {labels.get(name, '')!r}"
        for name in sorted({*own, *said})
        if said.get(name) != labels.get(name)
    ]
    if document.get("bomFormat") != "CycloneDX":
        found.append("it is not CycloneDX")
    if digest not in str(image.get("purl")):
        found.append("it is about another image")
    if f"pkg:pypi/pyspark@{own.get(f'{PREFIX}spark')}" not in [component.get("purl") for component in components]:
        found.append(f"PySpark {own.get(f'{PREFIX}spark')} is not in it")
    if unnamed:
        found.append(f"no package URL for {', '.join(unnamed)}")
    if unhashed:
        found.append(f"no hash for {', '.join(unhashed)}")
    return found


def _is_file(component: Mapping[str, Any]) -> bool:
    """A wheel or a jar as it was published."""
    return str(component.get("purl")).startswith(("pkg:pypi/", "pkg:maven/"))


def _sha256(component: Mapping[str, Any]) -> bool:
    """Its own hash or, for what was packed anew, that of what it was packed from."""
    sources = (component.get("pedigree") or {}).get("ancestors") or ()
    return any(entry.get("alg") == "SHA-256" for part in (component, *sources) for entry in part.get("hashes") or ())
