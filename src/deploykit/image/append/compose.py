"""Configuration and manifest of an image: the base's, and what a `Dockerfile` would add to them. All of it is pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deploykit.errors import IncompatibleError
from deploykit.image.append.read_inventory import DEFAULT_PATH
from deploykit.image.label_names import ENGINE, LAYERS
from deploykit.image.layers import keys
from deploykit.plan import Plan
from deploykit.registry.manifest import DOCKER_MANIFEST, OCI_MANIFEST, compact, sha256

DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
_TYPES = {
    DOCKER_MANIFEST: ("application/vnd.docker.image.rootfs.diff.tar", ".", DOCKER_CONFIG),
    OCI_MANIFEST: ("application/vnd.oci.image.layer.v1.tar", "+", OCI_CONFIG),
}
_KEPT = ("architecture", "os", "os.version", "os.features", "variant", "created")


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A layer that a registry has: `media_type` as it was given, of the Docker or of the OCI kind."""

    name: str
    key: str
    digest: str
    size: int
    diff_id: str
    media_type: str


@dataclass(frozen=True, kw_only=True)
class Composed:
    """The bytes of a configuration and of the manifest that names it."""

    config: bytes
    manifest: bytes
    media_type: str

    @property
    def digest(self) -> str:
        """What the image is called by."""
        return sha256(self.manifest)


def compose(
    plan: Plan, base: Mapping[str, Any], base_config: Mapping[str, Any], layers: Sequence[Placed], *, base_type: str
) -> Composed:
    """The image of a plan on a base's manifest and configuration; the same bytes for the same arguments."""
    if (base_config.get("config") or {}).get("OnBuild"):
        raise IncompatibleError(
            f"{plan.base.reference} has ONBUILD instructions.",
            why="They run while an image is built on it, and without an engine nothing runs.",
            fix="--engine docker",
        )
    prefix, separator, config_type = _TYPES[base_type]
    raw = compact(configuration(plan, base_config, layers))
    manifest = {
        "schemaVersion": 2,
        "mediaType": base_type,
        "config": {"mediaType": config_type, "digest": sha256(raw), "size": len(raw)},
        "layers": [
            *base["layers"],
            *(
                {
                    "mediaType": f"{prefix}{separator}{_compression(layer.media_type)}",
                    "digest": layer.digest,
                    "size": layer.size,
                }
                for layer in layers
            ),
        ],
    }
    return Composed(config=raw, manifest=compact(manifest), media_type=base_type)


def configuration(plan: Plan, base: Mapping[str, Any], layers: Sequence[Placed]) -> dict[str, Any]:
    """As the last stage of the Dockerfile says it; dated as the base is, for the clock is no input."""
    created = base.get("created") or "1980-01-01T00:00:00Z"
    own = dict(base.get("config") or {})
    labels = {
        **(own.get("Labels") or {}),
        **plan.labels,
        LAYERS: keys.label({layer.name: layer.key for layer in layers}),
        ENGINE: "registry",
    }
    own |= {
        "Env": environment(own.get("Env") or (), java=plan.profile.java),
        "User": "1000:0",
        "WorkingDir": "/home/src",
        "Cmd": ["/app/run_app.sh"],
        "Labels": labels,
    }
    for name in ("ArgsEscaped", "Image", "Hostname", "Domainname"):  # of one builder and of Windows; they say nothing
        own.pop(name, None)
    history = [
        *({"created": created, "created_by": f"deploykit layer {layer.name}"} for layer in layers),
        {"created": created, "created_by": "deploykit settings", "empty_layer": True},
    ]
    below = base.get("history")
    return {
        **{name: base[name] for name in _KEPT if name in base},
        "created": created,
        "config": own,
        "rootfs": {
            "type": "layers",
            "diff_ids": [*base["rootfs"]["diff_ids"], *(layer.diff_id for layer in layers)],
        },
        **({"history": [*below, *history]} if below else {}),
    }


def environment(base: Sequence[str], *, java: bool) -> list[str]:
    """The base's settings, each in its place, and ours behind them."""
    settings = dict(text.partition("=")[::2] for text in base)
    settings |= {"HOME": "/home/mage", "PIP_CONSTRAINT": "/opt/mage-ilum/constraints.txt"}
    if java:
        settings |= {"JAVA_HOME": "/opt/java", "PATH": f"{settings.get('PATH') or DEFAULT_PATH}:/opt/java/bin"}
    return [f"{name}={value}" for name, value in settings.items()]


def _compression(media_type: str) -> str:
    return "zstd" if media_type.endswith("zstd") else "gzip"
