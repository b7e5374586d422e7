"""The objects of docs/pipelines are what Argo CD, Argo Workflows, Flux and Kubernetes know, key by key."""

import pytest
import yaml
from tests.kinds.compiler import Object, refused
from tests.needs import REPOSITORY

TO_COPY = REPOSITORY / "docs" / "pipelines"
FILES = ["argo-cd.yaml", "argo-workflows.yaml", "flux/mage.yaml", "flux/namespace.yaml", "flux/release.yaml"]


def objects(text: str) -> list[Object]:
    return list(yaml.safe_load_all(text))


def test_every_key_and_value_is_one_that_the_controllers_know(kinds):
    copied = [item for name in FILES for item in objects((TO_COPY / name).read_text(encoding="utf-8"))]
    assert refused(kinds, copied) == ""


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("argo-cd.yaml", "skipTests:", "skipTest:"),
        ("argo-cd.yaml", "selfHeal: true", "selfHeal: always"),
        ("argo-workflows.yaml", "concurrencyPolicy: Forbid", "concurrencyPolicy: Never"),
        ("argo-workflows.yaml", "secretKeyRef:", "secretRef:"),
        ("argo-workflows.yaml", "workflowTemplateRef:", "templateRef:"),
        ("flux/mage.yaml", "sourceRef:", "source:"),
        ("flux/namespace.yaml", "  labels:", "  label:"),
        ("flux/release.yaml", "chartRef:", "chartref:"),
    ],
)
def test_a_mistake_is_refused(kinds, name, right, wrong):
    text = (TO_COPY / name).read_text(encoding="utf-8")
    assert right in text
    assert "error TS" in refused(kinds, objects(text.replace(right, wrong)))
