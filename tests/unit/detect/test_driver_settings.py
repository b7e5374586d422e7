"""The settings that Spark's submission leaves for a driver, as Java writes them."""

import pytest

from deploykit.detect.driver_settings import image, read
from deploykit.spark_pods import SparkPod

# As Spark 4.1 wrote it, shortened; the keys are in no order, and Java escapes `:` and `=`.
WRITTEN = r"""#Java properties built from Kubernetes config map with name: spark-drv-e6d670a20730a083-conf-map
#Mon Nov 23 06:55:57 UTC 2026
spark.kubernetes.container.image.pullPolicy=Always
spark.hadoop.fs.s3a.secret.key=s3cr3t
spark.master=k8s\://https\://127.0.0.1\:6443
spark.kubernetes.container.image=registry.example\:5000/spark\:4.1.1
spark.submit.pyFiles=
"""


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        (WRITTEN, "registry.example:5000/spark:4.1.1"),
        (WRITTEN + r"spark.kubernetes.driver.container.image=spark\:3.5.7", "spark:3.5.7"),
        ("spark.kubernetes.container.image = ilum/spark\\:4.1.1 \n", "ilum/spark:4.1.1"),
        ("spark.kubernetes.container.image: ilum/spark:4.1.1", "ilum/spark:4.1.1"),
        ("#spark.kubernetes.container.image=ilum/spark:4.1.1", ""),
        ("my.spark.kubernetes.container.image=ilum/spark:4.1.1", ""),
        ("", ""),
    ],
)
def test_the_drivers_image_is_read(properties, expected):
    assert image(properties) == expected


def test_nothing_but_the_image_is_kept():
    driver = SparkPod(name="d", labels={"spark-app-selector": "spark-1"}, image="spark@sha256:0", settings="conf")
    answer = read("ilum", driver, {"metadata": {"name": "conf"}, "data": {"spark.properties": WRITTEN}})
    [found] = answer.evidence
    assert (str(found.version), found.server, found.application) == ("4.1.1", "ilum/d", "spark-1")
    assert "s3cr3t" not in repr(answer)


def test_a_map_without_settings_says_nothing():
    driver = SparkPod(name="d", labels={})
    assert read("ilum", driver, {"metadata": {"name": "conf"}}).evidence == ()
