"""What the chart renders is what Kubernetes allows, field by field, in every version that the chart is for.

So is what Prometheus' operator, Cilium and the Gateway API read, by their own sources.
"""

import copy
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
import yaml
from tests.chart.kubernetes_schemas import OLDEST, VERSIONS, WITHOUT_A_SCHEMA, name_of, refused
from tests.chart.mage_job import job_of_mage
from tests.chart.rendering import NAMES, of_kind
from tests.chart.rendering import rendered as rendered_with
from tests.kinds.compiler import refused as refused_by_others

from deploykit import assets

pytestmark = pytest.mark.usefixtures("needs_helm")


@pytest.fixture(scope="module")
def rendered(needs_helm):
    """The objects of each example, and the Job that Mage makes where there is one."""
    with ThreadPoolExecutor() as pool:
        objects = list(pool.map(rendered_with, NAMES))
    return {name: [*documents, *job_of_mage(documents)] for name, documents in zip(NAMES, objects, strict=True)}


@pytest.fixture(scope="module")
def unique(rendered):
    """Each different object once, of the kinds that Kubernetes has itself."""
    distinct = {json.dumps(document, sort_keys=True): document for each in rendered.values() for document in each}
    return [document for document in distinct.values() if document["kind"] not in WITHOUT_A_SCHEMA]


@pytest.mark.parametrize("version", VERSIONS, ids=name_of)
def test_every_object_of_every_example_is_valid(unique, version):
    assert [sentence for document in unique for sentence in refused(document, version)] == []


def test_the_versions_are_all_from_the_charts_oldest_to_the_newest():
    stated = yaml.safe_load((assets.chart() / "Chart.yaml").read_text(encoding="utf-8"))["kubeVersion"]
    assert stated.startswith(f">={name_of(OLDEST)}.0")
    minors = [minor for _, minor in VERSIONS]
    assert minors == list(range(OLDEST[1], minors[-1] + 1))
    assert minors[-1] >= 37


def test_the_job_that_mage_makes_is_among_them(unique):
    assert any(document["metadata"]["name"] == "mage-data-prep-block-1" for document in unique)


@pytest.mark.parametrize(
    ("kind", "spoil", "words"),
    [
        ("Deployment", lambda spec: spec["template"]["spec"].update(serviceAcountName="x"), "serviceAcountName"),
        ("Deployment", lambda spec: spec["template"]["spec"]["containers"][0].update(image=None), "None is not of"),
        ("Deployment", lambda spec: spec.update(replicas="1"), "'1' is not of type 'integer'"),
        ("Deployment", lambda spec: spec.pop("selector"), "'selector' is a required property"),
        ("NetworkPolicy", lambda spec: spec["egress"][0]["ports"][0].update(prot="TCP"), "prot"),
        ("Job", lambda spec: spec["template"]["spec"]["containers"][0].update(security_context={}), "security_context"),
    ],
    ids=["misspelt", "null", "string", "missing", "deep", "of-the-client"],
)
@pytest.mark.parametrize("version", [VERSIONS[0], VERSIONS[-1]], ids=name_of)
def test_a_mistake_is_refused(unique, version, kind, spoil, words):
    document = copy.deepcopy(next(document for document in unique if document["kind"] == kind))
    spoil(document["spec"])
    [sentence] = refused(document, version)
    assert words in sentence


@pytest.fixture(scope="module")
def of_others(needs_helm):
    """The objects of kinds that are not Kubernetes' own."""
    cilium = ("networkPolicy.apiServer.cidrs=[]", "networkPolicy.apiServer.cilium=true")
    executor = "executor={enabled: true, dedicatedNamespace: true}"
    route = "mageai.httpRoute={enabled: true, parentRefs: [{name: g}], hosts: [a.example], timeouts: {request: 1h}}"
    documents = rendered_with("split", *cilium, route) + rendered_with("module", *cilium, executor, namespace="mage")
    return [document for kind in sorted(WITHOUT_A_SCHEMA) for document in of_kind(documents, kind)]


def test_what_others_read_is_what_they_know(kinds, of_others):
    assert {document["kind"] for document in of_others} == WITHOUT_A_SCHEMA
    assert refused_by_others(kinds, of_others) == ""


@pytest.mark.parametrize(
    ("kind", "spoil", "words"),
    [
        ("ServiceMonitor", lambda spec: spec["endpoints"][0].update(intervall="30s"), "intervall"),
        ("ServiceMonitor", lambda spec: spec.pop("selector"), "selector"),
        ("CiliumNetworkPolicy", lambda spec: spec["egress"][0].update(toEntities=["kube-api"]), "kube-api"),
        ("CiliumNetworkPolicy", lambda spec: spec["egress"][0]["toPorts"][0]["ports"][0].update(port=443), "number"),
        ("HTTPRoute", lambda spec: spec["rules"][0]["matches"][0]["path"].update(type="Prefix"), "Prefix"),
    ],
    ids=["misspelt", "missing", "unknown", "number", "path"],
)
def test_a_mistake_is_refused_by_others(kinds, of_others, kind, spoil, words):
    document = copy.deepcopy(of_kind(of_others, kind)[0])
    spoil(document["spec"])
    assert words in refused_by_others(kinds, [document])
