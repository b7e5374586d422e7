"""Environments, and what they are told, to test with."""

from pathlib import Path

from tests.unit.image.plans import request

from deploykit.detect.evidence import Confidence, Evidence, merge
from deploykit.sync.ask import Server
from deploykit.sync.environment import Environment
from deploykit.versions import SparkVersion


def environment(name: str = "dev", **changes: object) -> Environment:
    """One whose server is named by its version."""
    own = {key: changes.pop(key) for key in ("policies", "confidence", "token") if key in changes}
    return Environment(name=name, request=request(**changes), values=Path(f"{name}/values.yaml"), **own)


def server(
    version: str, *others: str, confidence: Confidence = Confidence.CERTAIN, where: str = "sc://spark:15002"
) -> Server:
    """A server of this version; `others` are what is said of it by the same kind of evidence."""
    evidence = [
        Evidence(
            source="driver label",
            version=SparkVersion.parse(text),
            where=f"ilum/driver-{number}",
            confidence=confidence,
            server=where,
        )
        for number, text in enumerate((version, *others))
    ]
    found = merge(evidence)
    return Server(version=found.version, where=where, detection=found)
