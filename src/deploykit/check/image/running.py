"""Whether an image is what it says, and what runs is what was asked for. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from deploykit.check.cluster.steps import failed, passed, warned
from deploykit.check.model import Step
from deploykit.detect.image_tags import spark_version
from deploykit.image_reference import ImageReference
from deploykit.image_reference import moves as tag_moves

NAME = "image"
_SAME_START_SECONDS = 60
"""Files written so shortly after the start were written by the start itself: `requirements.txt` is installed then."""


@dataclass(frozen=True, kw_only=True)
class RunningImage:
    """A pod's image, from its reference to what is in it; what is not known is empty."""

    pod: str
    namespace: str
    workload: str = ""
    """What makes the pod, such as `deployment/mage`."""
    reference: str = ""
    """As the pod names it."""
    wanted: str = ""
    """As its workload names it now."""
    digest: str = ""
    """What the node runs: `sha256:...`."""
    tag_digest: str = ""
    """What the registry has under the reference now."""
    label: str = ""
    """Spark by the image's label `io.deploykit.spark`."""
    locked: str = ""
    """Spark by `/opt/mage-ilum/lock.json`."""
    pyspark: str = ""
    pyspark_changed: float = 0.0
    """When PySpark's files were last written, in seconds since 1970."""
    started: float = 0.0
    """When Mage's process began, in seconds since 1970."""


def steps(image: RunningImage, *, where: str) -> tuple[Step, ...]:
    """The problems, or that there is none."""
    found = (*_names(image, where), *_contents(image, where), *_age(image, where))
    fine = passed(NAME, "image-fine", {"pod": image.pod, "held": image.pyspark}, where=where)
    return found or (fine,)


def moves(reference: str) -> bool:
    """Whether a reference may mean another image tomorrow: a tag that moves or none, and no digest.

    >>> moves("registry.example:5000/mage"), moves("mage:latest"), moves("mage:0.9.80"), moves("mage:latest@sha256:0")
    (True, True, False, False)
    """
    named = ImageReference.split(reference)
    return not named.digest and tag_moves(named.tag)


def _names(image: RunningImage, where: str) -> Iterator[Step]:
    if moves(image.reference):
        values = {"workload": image.workload or f"pod {image.pod}", "image": image.reference}
        yield failed("tag-latest", values, name=NAME, where=where)


def _contents(image: RunningImage, where: str) -> Iterator[Step]:
    if not image.pyspark:
        yield warned(NAME, "image-without-pyspark", {"pod": image.pod}, where=where)
        return
    tagged = spark_version(image.reference)
    said = {
        "label io.deploykit.spark": image.label,
        "its lock.json": image.locked,
        "its tag": tagged.release if tagged else "",
    }
    for source, version in said.items():
        if version and version != image.pyspark.partition("+")[0]:
            values = {"pod": image.pod, "said": version, "source": source, "held": image.pyspark}
            yield failed("image-differs", values, name=NAME, where=where)
            return


def _age(image: RunningImage, where: str) -> Iterator[Step]:
    values = {"pod": image.pod, "namespace": image.namespace, "workload": image.workload or f"pod/{image.pod}"}
    if image.wanted and image.reference and image.wanted != image.reference:
        because = "The roll-out has not replaced it yet, or hangs."
        found = {"running": image.reference, "wanted": image.wanted, "because": because}
        yield failed("started-before-upgrade", {**values, **found}, name=NAME, where=where)
    elif image.digest and image.tag_digest and image.digest != image.tag_digest and "@" not in image.reference:
        because = "The tag was pushed again since the pod was started."
        found = {"running": image.digest, "wanted": f"{image.reference}, which is {image.tag_digest} now"}
        yield failed("started-before-upgrade", {**values, **found, "because": because}, name=NAME, where=where)
    late = image.pyspark_changed - image.started
    if image.started and late > _SAME_START_SECONDS:
        yield failed("client-changed-under-mage", {**values, "age": f"{late:.0f}"}, name=NAME, where=where)
