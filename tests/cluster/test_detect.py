"""`deploykit detect --namespace` against the pods that Spark itself made."""

import json

from tests.cluster.conftest import SPARK, deploykit
from tests.needs import Ilum


def test_executors_drivers_and_images_of_a_namespace_are_read(spark: Ilum) -> None:
    found = json.loads(deploykit("detect", "--namespace", spark.namespace, "-o", "json", seconds=30))
    assert (found["version"], found["confidence"]) == (SPARK, "high")
    assert {item["version"] for item in found["evidence"]} == {SPARK}
    assert len({item["source"] for item in found["evidence"]}) == 5, found["evidence"]
    assert found["disagreements"] == []
