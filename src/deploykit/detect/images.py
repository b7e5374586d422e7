"""From the image that something names to evidence; a tag of which nobody can be sure becomes a sentence."""

from deploykit.detect.evidence import Confidence, Evidence
from deploykit.detect.image_tags import read
from deploykit.detect.side_by_side import Answer


def from_image(
    image: str,
    *,
    source: str,
    where: str,
    confidence: Confidence,
    server: str = "",
    application: str = "",
    note: str = "",
) -> Answer:
    """What an image's tag says: evidence, a sentence where it names several versions, or nothing."""
    reading = read(image)
    if reading.several:
        several = " and ".join(reading.several)
        return Answer(unclear=(f"{where}: {image} names {several}, and nothing tells which of them is Spark's.",))
    if reading.version is None:
        return Answer()
    found = Evidence(
        source=source,
        version=reading.version,
        where=where,
        confidence=confidence,
        server=server,
        application=application,
        note=note,
    )
    return Answer(evidence=(found,))
