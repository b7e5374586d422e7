"""Kubernetes' own schemas, from the package kubernetes-validate: offline, unknown fields refused, and so is null.

They allow null for every field, which a template writes that has a key and nothing behind it.
"""

import json
import re
from functools import cache
from importlib.resources import files

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

SCHEMAS = files("kubernetes_validate") / "kubernetes-json-schema"
OLDEST = (1, 28)
VERSIONS = sorted(
    version
    for folder in SCHEMAS.iterdir()
    if (found := re.fullmatch(r"v(\d+)\.(\d+)\.\d+-local-strict", folder.name))
    and (version := (int(found[1]), int(found[2]))) >= OLDEST
)

WITHOUT_A_SCHEMA = {"CiliumNetworkPolicy", "HTTPRoute", "ServiceMonitor"}
"""Kinds that a cluster has from others than Kubernetes: see `tests.kinds`."""


def name_of(version):
    return ".".join(map(str, version))


def refused(document, version):
    """What this version of Kubernetes would refuse, as sentences; raises `KeyError` for a kind that it has not."""
    validator = validators(version)[document["apiVersion"], document["kind"]]
    where = f"{document['kind']}/{document['metadata']['name']}"
    return [f"{where} {error.json_path}: {error.message}" for error in validator.iter_errors(document)]


@cache
def validators(version):
    """One for each kind of object, by apiVersion and kind; read once."""
    path = SCHEMAS / f"v{name_of(version)}.0-local-strict" / "_definitions.json"
    definitions = json.loads(path.read_text(encoding="utf-8"), object_hook=without_null)
    registry = Registry().with_resource(definitions["$id"], Resource.from_contents(definitions))
    return {
        ("/".join(filter(None, (kind["group"], kind["version"]))), kind["kind"]): Draft202012Validator(
            {"$ref": f"{definitions['$id']}#/$defs/{name}"}, registry=registry
        )
        for name, definition in definitions["$defs"].items()
        for kind in definition.get("x-kubernetes-group-version-kind", ())
    }


def without_null(schema):
    """The same, with the one type that it gives beside null."""
    if isinstance(schema.get("type"), list):
        [schema["type"]] = (name for name in schema["type"] if name != "null")
    return schema
