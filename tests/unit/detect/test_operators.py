"""Objects of Kubeflow's and Stackable's operators, as their documentation writes them."""

import pytest
import yaml

from deploykit.detect.evidence import Confidence, merge
from deploykit.detect.operators import OPERATORS, object_of, read

KUBEFLOW, STACKABLE = OPERATORS


def said(operator, text):
    """The versions by their source, and the notes."""
    evidence = read(operator, "spark", yaml.safe_load(text)).evidence
    assert all(item.confidence is Confidence.SLIGHT for item in evidence)
    return {item.source: str(item.version) for item in evidence}, {item.note for item in evidence}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("{sparkVersion: 4.0.4, image: 'docker.io/apache/spark:4.0.4'}", {"version": "4.0.4", "image": "4.0.4"}),
        ("{sparkVersion: 'v3.5.7'}", {"version": "3.5.7"}),
        ("{sparkVersion: '4.0', image: 'apache/spark:4.0.1'}", {"image": "4.0.1"}),
        ("{sparkVersion: 4.0, image: 'apache/spark:latest'}", {}),
        (
            "{sparkVersion: 4.0.1, image: 'apache/spark:3.5.7', server: {template: {spec: {containers: [{name: x}, "
            "{name: spark-kubernetes-driver, image: 'quay.io/opendatahub/data-processing:Spark-v4.0.1'}]}}}}",
            {"version": "4.0.1", "image": "4.0.1"},
        ),
        ("{sparkVersion: 4.0.1, server: {template: null}}", {"version": "4.0.1"}),
    ],
)
def test_kubeflows_object_names_a_version_and_the_servers_image(spec, expected):
    found, notes = said(KUBEFLOW, f"{{metadata: {{name: c}}, spec: {spec}}}")
    assert found == {f"SparkConnect {source}": version for source, version in expected.items()}
    assert notes <= {""}


@pytest.mark.parametrize(
    ("spec", "expected", "note"),
    [
        ("{image: {productVersion: 4.1.2}}", {"version": "4.1.2"}, ""),
        (
            "{image: {productVersion: 3.5.7, custom: 'oci.example.org/sdp/spark-k8s:3.5.7-stackable25.7.0'}}",
            {"version": "3.5.7", "image": "3.5.7"},
            "",
        ),
        ("{image: {productVersion: 3.5.7}, clusterOperation: {stopped: true}}", {"version": "3.5.7"}, "It is stopped."),
        (
            "{image: {productVersion: 3.5.7}, clusterOperation: {reconciliationPaused: true}}",
            {"version": "3.5.7"},
            "Its operator pauses: this may not be rolled out.",
        ),
    ],
)
def test_stackables_object_names_a_version_or_an_image_of_ones_own(spec, expected, note):
    found, notes = said(STACKABLE, f"{{metadata: {{name: c}}, spec: {spec}}}")
    assert found == {f"SparkConnectServer {source}": version for source, version in expected.items()}
    assert notes == {note}


def test_the_state_of_kubeflows_server_is_noted_where_it_is_not_ready():
    _, notes = said(KUBEFLOW, "{metadata: {name: c}, spec: {sparkVersion: 4.0.1}, status: {state: Failed}}")
    assert notes == {"Its state is Failed."}


@pytest.mark.parametrize(
    "item", ["{metadata: {name: c}}", "{metadata: {name: c}, spec: {}}", "{metadata: {name: c}, spec: null}"]
)
@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.kind)
def test_an_object_that_says_nothing_is_no_evidence(operator, item):
    assert said(operator, item) == ({}, set())


def test_a_version_and_an_image_that_differ_are_named():
    text = "{metadata: {name: c}, spec: {sparkVersion: 3.5.7, image: 'apache/spark:4.0.1'}}"
    found = merge(read(KUBEFLOW, "spark", yaml.safe_load(text)).evidence)
    assert found.disagreements == (
        "spark/SparkConnect/c: the SparkConnect image says 4.0.1, the SparkConnect version 3.5.7. "
        "The older one counts.",
    )


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"sparkoperator.k8s.io/connect-name": "c", "spark-role": "executor"}, "spark/SparkConnect/c"),
        (
            {
                "app.kubernetes.io/name": "spark-connect",
                "app.kubernetes.io/instance": "c",
                "app.kubernetes.io/managed-by": "spark.stackable.tech_connect",
            },
            "spark/SparkConnectServer/c",
        ),
        ({"app.kubernetes.io/name": "spark-connect", "app.kubernetes.io/instance": "c"}, ""),
        ({"spark-role": "driver"}, ""),
    ],
)
def test_a_pod_is_known_to_belong_to_an_object(labels, expected):
    assert object_of(labels, "spark") == expected
