"""Read the settings that Spark's submission left for a driver: they may name a tag where the pod names a digest."""

import re

from deploykit.detect.evidence import Confidence
from deploykit.detect.images import from_image
from deploykit.detect.pods import application
from deploykit.detect.side_by_side import Answer
from deploykit.kubernetes_api import Item
from deploykit.spark_pods import CONNECT_PLUGIN, SparkPod

IMAGE_KEYS = ("spark.kubernetes.driver.container.image", "spark.kubernetes.container.image")
"""The settings that name a driver's image, the stronger first."""
_LINE = re.compile(r"^([^#!\s=:][^=:\s]*)[ \t]*[=:][ \t]*(.*)$", re.MULTILINE)
_ESCAPED = re.compile(r"\\(.)")


def read(namespace: str, driver: SparkPod, config_map: Item) -> Answer:
    """What the driver's ConfigMap says. It may hold passwords: only the image is looked at."""
    return from_image(
        image(_properties(config_map)),
        source="driver settings",
        where=f"{namespace}/{config_map['metadata']['name']}",
        confidence=Confidence.LOW,
        server=f"{namespace}/{driver.name}",
        application=application(driver, namespace),
    )


def has_plugin(config_map: Item) -> bool:
    """Whether the settings load Spark Connect into an application of another class, as is usual before Spark 4."""
    return any(
        key == "spark.plugins" and CONNECT_PLUGIN in value for key, value in _LINE.findall(_properties(config_map))
    )


def image(properties: str) -> str:
    r"""The image that Java properties name; empty where they name none.

    >>> image("spark.app.name=x\nspark.kubernetes.container.image=registry.example\\:5000/spark\\:4.1.1\n")
    'registry.example:5000/spark:4.1.1'
    """
    found = {key: value for key, value in _LINE.findall(properties) if key in IMAGE_KEYS}
    return next((_ESCAPED.sub(r"\1", found[key]).strip() for key in IMAGE_KEYS if key in found), "")


def _properties(config_map: Item) -> str:
    return str((config_map.get("data") or {}).get("spark.properties", ""))
