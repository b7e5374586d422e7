"""For each key of the chart's values, another value than its default: from the schema, or from `SAMPLES`."""

import json

import yaml
from jsonschema import Draft202012Validator

from deploykit import assets

SCHEMA = json.loads((assets.chart() / "values.schema.json").read_text(encoding="utf-8"))

STRINGS = (
    "other", "7Gi", "7s", "198.51.100.0/24", "sha256:" + "7" * 64, "http://other:7000", "hive://other:7000/default",
)  # fmt: skip
"""One of these fits each pattern."""

CONTAINER = {"name": "other", "image": "registry.example/other:7"}
SAMPLES = {
    "mageai.imagePullSecrets": [{"name": "other"}],
    "mageai.httpRoute.parentRefs": [{"name": "other"}],
    "mageai.ingress.tls": [{"secretName": "other"}],
    "mageai.extraEnvFrom": [{"configMapRef": {"name": "other"}}],
    "mageai.extraVolumes": [{"name": "other", "emptyDir": {}}],
    "mageai.extraVolumeMounts": [{"name": "other", "mountPath": "/other"}],
    "mageai.extraInitContainers": [CONTAINER],
    "mageai.extraContainers": [CONTAINER],
    "mageai.tolerations": [{"key": "other", "operator": "Exists"}],
    "mageai.affinity": {"podAntiAffinity": {}},
    "mageai.topologySpreadConstraints": [
        {"maxSkew": 7, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway"}
    ],
    "mageai.podSecurityContext": {"runAsUser": 7000},
    "mageai.securityContext": {"runAsUser": 7000},
    "executor.affinity": {"podAntiAffinity": {}},
}
"""Where the schema leaves to Kubernetes what the value looks like."""


def others():
    """By the key's path, its default and a value that the schema allows beside it; for each key given as a whole."""
    values = yaml.safe_load((assets.chart() / "values.yaml").read_text(encoding="utf-8"))
    return {path: (default, other(path, schema, default)) for path, schema, default in _keys((), SCHEMA, values)}


def other(path, schema, default):
    value = SAMPLES.get(".".join(path)) or _another(schema, default)
    assert value != default
    Draft202012Validator({**schema, "$defs": SCHEMA["$defs"]}).validate(value)
    return value


def _keys(path, schema, default):
    """Path, schema and default of each key below; not of those that are accepted without being in values.yaml."""
    if "properties" not in schema:
        yield path, schema, default
    for name in [name for name in schema.get("properties", {}) if name in default] if isinstance(default, dict) else ():
        yield from _keys((*path, name), schema["properties"][name], default[name])


def _another(schema, default=None):
    schema = _whole(schema)
    types = schema.get("type", "string")
    match types if isinstance(types, str) else types[0]:
        case "boolean":
            return not default
        case "integer":
            return (default or schema.get("minimum", 0)) + 1
        case "array":
            return [_another(schema["items"], default[0] if default else None)]
        case "object" if "properties" in schema:
            names = schema.get("required") or list(schema["properties"])[:1]
            return {name: _another(schema["properties"][name]) for name in names}
        case "object":
            inside = schema.get("additionalProperties")
            return {"other": _another(inside)} if isinstance(inside, dict) else {}
    fits = Draft202012Validator(schema).is_valid
    return next(value for value in schema.get("enum", STRINGS) if value != default and fits(value))


def _whole(schema):
    """The schema with what it refers to."""
    parts = [*schema.get("allOf", ())]
    if "$ref" in schema:
        parts.append(SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]])
    merged = {key: value for key, value in schema.items() if key not in {"$ref", "allOf"}}
    for part in parts:
        merged = _whole(part) | merged
    return merged
