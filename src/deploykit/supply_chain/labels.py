"""Whether an image's labels agree with each other, with its tag, and with its configuration. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from deploykit import plan
from deploykit.image.label_names import BASE_DIGEST, PREFIX
from deploykit.request import Profile

NEEDED = ("mage", "spark", "python", "profile", "inputs")


def problems(config: Mapping[str, Any], tag: str) -> list[str]:
    """What contradicts what, in sentences; none for an image of ours as it was built. `tag` may be empty."""
    settings = config.get("config") or {}
    labels: Mapping[str, str] = settings.get("Labels") or {}
    missing = [name for name in NEEDED if not labels.get(f"{PREFIX}{name}")]
    if missing:
        return [f"no label {PREFIX}{', '.join(missing)}: not an image of deploykit's"]
    return [*_problems({name: labels.get(f"{PREFIX}{name}", "") for name in (*NEEDED, "java")}, settings, labels, tag)]


def _problems(
    own: Mapping[str, str], settings: Mapping[str, Any], labels: Mapping[str, str], tag: str
) -> Iterator[str]:
    named = plan.tag(mage=own["mage"], spark=own["spark"], profile=own["profile"], inputs=own["inputs"])
    if tag and "-spark" in tag and tag != named:
        yield f"the tag is {tag}, and the labels say {named}"
    needs_java = own["profile"] != Profile.SLIM
    if needs_java != bool(own["java"]):
        yield f"profile {own['profile']} with Java {own['java'] or 'none'}"
    if needs_java and "JAVA_HOME=/opt/java" not in (settings.get("Env") or ()):
        yield "JAVA_HOME is not set to /opt/java"
    if not labels.get(BASE_DIGEST):
        yield "no label says which base it was made on"
