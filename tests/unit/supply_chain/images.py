"""Small images with the labels and the environment of real ones."""

from typing import Any

from deploykit.plan import Plan
from deploykit.registry import Registry
from deploykit.registry.manifest import OCI_MANIFEST, compact, sha256

LAYER = b"a layer"


def config_of(plan: Plan, **labels: str) -> dict[str, Any]:
    """The configuration of an image that was built from a plan; `labels` replace its own, `_` standing for `.`."""
    changed = {f"io.deploykit.{name}": value for name, value in labels.items()}
    java = ["JAVA_HOME=/opt/java"] if plan.profile.java else []
    return {
        "os": "linux",
        "architecture": "amd64",
        "config": {"Labels": {**plan.labels, **changed}, "Env": ["HOME=/home/mage", *java]},
        "rootfs": {"type": "layers", "diff_ids": [sha256(LAYER)]},
    }


def push(plan: Plan, registry: Registry, *, tag: str = "", **labels: str) -> str:
    """Put such an image into a registry under the plan's tag; returns its digest."""
    config = compact(config_of(plan, **labels))
    parts = {"config": config, "layer": LAYER}
    digests = {name: registry.put_blob(content) for name, content in parts.items()}
    described = {name: {"digest": digests[name], "size": len(content)} for name, content in parts.items()}
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **described["config"]},
        "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", **described["layer"]}],
    }
    return registry.put_manifest(tag or plan.tag, compact(manifest), OCI_MANIFEST)


class Said:
    """What a person is told."""

    def __init__(self) -> None:
        self.steps: list[str] = []

    def step(self, text: str) -> None:
        self.steps.append(text)

    def advance(self, name: str, done: int, total: int) -> None:
        raise AssertionError

    def log(self, line: str) -> None:
        self.steps.append(line)
