"""Two releases in one namespace do not meet: no object, Job or pod of one is taken for the other's."""

from functools import cache

import pytest
from tests.chart.mage_job import job_of_mage
from tests.chart.rendering import NAMES, parsed, pods, selects, values

from deploykit.deploy import chart

pytestmark = pytest.mark.usefixtures("needs_helm")

ALIKE = [name for name in NAMES if name != "module"]
"""There, every release is beside the one Mage that Ilum's module runs."""


@cache
def both(name):
    """What each of two releases with these values brings about, the Job that Mage makes among it."""
    text = values(name, "driftCheck.enabled=true")
    rendered = [parsed(chart.render(text, release=release)) for release in ("mage", "risk")]
    return [[*documents, *job_of_mage(documents)] for documents in rendered]


def selectors(part):
    """Every label selector in an object, the plain one of a Service too, as Kubernetes writes the others."""
    if isinstance(part, dict) and {"matchLabels", "matchExpressions"} & part.keys():
        yield part
    elif isinstance(part, dict) and part.get("kind") == "Service":
        yield {"matchLabels": part["spec"]["selector"]}
    elif isinstance(part, dict | list):
        for inside in part.values() if isinstance(part, dict) else part:
            yield from selectors(inside)


def of_every_job(selector):
    """Whether it is that of the workers' policies, for a namespace whose Jobs are all Mage's."""
    return any(term["key"] == "batch.kubernetes.io/job-name" for term in selector.get("matchExpressions", ()))


@pytest.mark.parametrize("name", ALIKE)
def test_no_object_and_no_job_of_one_has_the_name_of_one_of_the_others(name):
    """But for the Service in Spark's namespace: its name is the user's, and Helm refuses to make it twice."""
    first, second = (
        {(item["kind"], item["metadata"]["name"]) for item in documents if "namespace" not in item["metadata"]}
        for documents in both(name)
    )
    assert len(first) == len(second) > 5
    assert not first & second


@pytest.mark.parametrize("name", ALIKE)
def test_nothing_in_one_selects_a_pod_of_the_other(name):
    first, second = both(name)
    for documents, others in ((first, second), (second, first)):
        own, foreign = ([labels for _, labels, _ in pods(either)] for either in (documents, others))
        asked = [selector for selector in selectors(documents) if not of_every_job(selector)]
        assert sum(selects(selector, labels) for selector in asked for labels in own) >= len(own)
        assert [selector for selector in asked for labels in foreign if selects(selector, labels)] == []
