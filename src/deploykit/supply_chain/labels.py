"""Whether an image's labels agree with each other, with its tag, and with its configuration. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from deploykit import plan
from deploykit.image.append import index
from deploykit.image.label_names import BASE_DIGEST, INPUTS, JAVA, PREFIX
from deploykit.request import Profile

NAMING = ("mage", "spark", "profile")
NEEDED = (*NAMING, "python", "inputs")


def problems(config: Mapping[str, Any], tag: str) -> list[str]:
    """What contradicts what, in sentences; none for an image of ours as it was built. `tag` may be empty."""
    settings = config.get("config") or {}
    labels: Mapping[str, str] = settings.get("Labels") or {}
    missing = [name for name in NEEDED if not labels.get(f"{PREFIX}{name}")]
    if missing:
        return [f"no label {PREFIX}{', '.join(missing)}: not an image of deploykit's"]
    return [*index_problems([labels], tag), *_problems(labels, settings)]


def index_problems(images: Sequence[Mapping[str, str]], tag: str) -> list[str]:
    """Whether the labels of all the images that a tag names, one or those of an index, say that it is theirs."""
    inputs = [labels.get(INPUTS, "") for labels in images]
    joined = inputs[0] if len(inputs) == 1 else index.inputs(inputs)
    named = {
        plan.tag(**{part: labels.get(f"{PREFIX}{part}", "") for part in NAMING}, inputs=joined) for labels in images
    }
    return [f"the tag is {tag}, and the labels say {name}" for name in sorted(named - {tag}) if "-spark" in tag]


def _problems(labels: Mapping[str, str], settings: Mapping[str, Any]) -> Iterator[str]:
    profile, java = labels[f"{PREFIX}profile"], labels.get(JAVA)
    needs_java = profile != Profile.SLIM
    if needs_java != bool(java):
        yield f"profile {profile} with Java {java or 'none'}"
    if needs_java and "JAVA_HOME=/opt/java" not in (settings.get("Env") or ()):
        yield "JAVA_HOME is not set to /opt/java"
    if not labels.get(BASE_DIGEST):
        yield "no label says which base it was made on"
