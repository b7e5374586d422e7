"""What pods say about their Spark."""

import pytest

from deploykit.detect.evidence import Confidence, merge
from deploykit.detect.pods import read
from deploykit.errors import UnreachableError
from deploykit.spark_pods import ContainerPort, SparkPod


def pod(*, name, application, role="driver", label="", image="", ports=(), **more):
    labels = {"spark-role": role, "spark-app-selector": application, **({"spark-version": label} if label else {})}
    return SparkPod(name=name, labels=labels, image=image, ports=ports, **more)


def driver(application="spark-1", label="4.1.1", image="ilum/spark:4.1.1", is_connect=False):
    ports = (ContainerPort(15002),) if is_connect else ()
    return pod(name=f"{application}-driver", application=application, label=label, image=image, ports=ports)


def executor(number=1, application="spark-1", label="4.1.1", image="ilum/spark:4.1.1"):
    return pod(name=f"{application}-exec-{number}", role="executor", application=application, label=label, image=image)


def evidence(pods):
    return read("ilum", pods).evidence


def test_an_executor_counts_more_than_the_driver_that_another_version_submitted():
    found = merge(evidence([driver(label="4.1.1", image="x"), executor(label="3.5.7", image="x")]))
    assert str(found.version) == "3.5.7"
    assert [item.source for item in found.evidence] == ["executor label", "driver label"]
    assert len(found.disagreements) == 1


def test_the_tag_of_the_image_is_the_last_resort():
    found = merge(evidence([driver(label="", image="ilum/spark:3.5.3-delta")]))
    assert (str(found.version), found.evidence[0].source) == ("3.5.3-delta", "driver image")


def test_many_executors_are_one_line():
    clues = evidence([driver(), *(executor(number) for number in range(50))])
    assert [item.where for item in clues if item.source == "executor label"] == ["ilum/spark-1-exec-0 and 49 more"]


def test_batch_jobs_do_not_count_where_a_connect_server_is_known():
    pods = [driver("batch", "3.5.7"), executor(1, "batch", "3.5.7"), driver("connect", is_connect=True)]
    assert {str(item.version) for item in evidence(pods)} == {"4.1.1"}


def test_without_a_known_connect_server_every_driver_counts():
    found = merge(evidence([driver("one", "3.5.7", "x"), driver("two", "4.1.1", "x")]))
    assert str(found.version) == "3.5.7"
    assert "ilum/one-driver runs 3.5.7" in found.disagreements[0]


def test_an_executor_belongs_to_the_driver_that_owns_it_though_that_has_no_application_id():
    server = SparkPod(name="connect-0", labels={"app": "connect"}, image="x", ports=(ContainerPort(15002),))
    worker = pod(name="exec-1", role="executor", application="spark-9", label="4.0.1", image="x", owner="connect-0")
    [found] = evidence([server, worker])
    assert (str(found.version), found.confidence, found.server) == ("4.0.1", Confidence.HIGH, "ilum/connect-0")


def test_the_label_of_kubeflows_server_is_what_a_person_wrote_and_counts_no_more_than_a_tag():
    labels = {"spark-role": "connect-server", "sparkoperator.k8s.io/connect-name": "c", "spark-version": "4.0.0"}
    server = SparkPod(name="c-server", labels=labels, image="apache/spark:4.0.1")
    clues = evidence([server])
    assert {item.confidence for item in clues} == {Confidence.LOW}
    assert {item.application for item in clues} == {"ilum/SparkConnect/c"}


def test_a_tag_with_two_versions_is_told_and_not_guessed():
    answer = read("ilum", [driver(image="team/spark:4.0.0-3.5.1"), executor(image="team/spark:4.0.0-3.5.1")])
    assert {item.source for item in answer.evidence} == {"driver label", "executor label"}
    assert len(answer.unclear) == 2
    assert "names 4.0.0 and 3.5.1" in answer.unclear[0]


@pytest.mark.parametrize("pods", [[], [executor()]])
def test_no_driver_is_said(pods):
    with pytest.raises(UnreachableError, match="No Spark driver runs in namespace ilum"):
        evidence(pods)


@pytest.mark.parametrize(
    ("image", "why"),
    [("team/lake:latest", "images' tags name no version"), ("team/spark:4.0.0-3.5.1", "names 4.0.0 and 3.5.1")],
)
def test_pods_that_say_nothing_for_sure_are_an_error_with_a_way_out(image, why):
    with pytest.raises(UnreachableError) as caught:
        evidence([driver(label="nightly", image=image)])
    assert why in caught.value.why
    assert "sc://" in caught.value.fix
