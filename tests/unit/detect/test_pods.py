"""What pods say about their Spark."""

import pytest

from deploykit.detect.evidence import merge
from deploykit.detect.pods import evidence
from deploykit.errors import UnreachableError
from deploykit.spark_pods import ContainerPort, SparkPod


def pod(*, name, role, application, label, image, ports=()):
    labels = {"spark-role": role, "spark-app-selector": application, **({"spark-version": label} if label else {})}
    return SparkPod(name=name, labels=labels, image=image, ports=ports)


def driver(application="spark-1", label="4.1.1", image="ilum/spark:4.1.1", is_connect=False):
    ports = (ContainerPort(15002),) if is_connect else ()
    return pod(
        name=f"{application}-driver", role="driver", application=application, label=label, image=image, ports=ports
    )


def executor(number=1, application="spark-1", label="4.1.1", image="ilum/spark:4.1.1"):
    return pod(name=f"{application}-exec-{number}", role="executor", application=application, label=label, image=image)


def test_an_executor_counts_more_than_the_driver_that_another_version_submitted():
    found = merge(evidence("ilum", [driver(label="4.1.1", image="x"), executor(label="3.5.7", image="x")]))
    assert str(found.version) == "3.5.7"
    assert [item.source for item in found.evidence] == ["executor label", "driver label"]
    assert len(found.disagreements) == 1


def test_the_tag_of_the_image_is_the_last_resort():
    found = merge(evidence("ilum", [driver(label="", image="ilum/spark:3.5.3-delta")]))
    assert (str(found.version), found.evidence[0].source) == ("3.5.3-delta", "driver image")


def test_many_executors_are_one_line():
    clues = evidence("ilum", [driver(), *(executor(number) for number in range(50))])
    assert [item.where for item in clues if item.source == "executor label"] == ["ilum/spark-1-exec-0 and 49 more"]


def test_batch_jobs_do_not_count_where_a_connect_server_is_known():
    pods = [driver("batch", "3.5.7"), executor(1, "batch", "3.5.7"), driver("connect", is_connect=True)]
    assert {str(item.version) for item in evidence("ilum", pods)} == {"4.1.1"}


def test_without_a_known_connect_server_every_driver_counts():
    found = merge(evidence("ilum", [driver("one", "3.5.7", "x"), driver("two", "4.1.1", "x")]))
    assert str(found.version) == "3.5.7"
    assert "ilum/one-driver runs 3.5.7" in found.disagreements[0]


@pytest.mark.parametrize("pods", [[], [executor()]])
def test_no_driver_is_said(pods):
    with pytest.raises(UnreachableError, match="No Spark driver runs in namespace ilum"):
        evidence("ilum", pods)


def test_pods_that_say_nothing_are_an_error_with_a_way_out():
    with pytest.raises(UnreachableError) as caught:
        evidence("ilum", [driver(label="nightly", image="team/lake:latest")])
    assert "sc://" in caught.value.fix
