"""The chart may be installed by an account of one namespace, which may make NetworkPolicies and not list them."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.cluster.kubectl import create_namespace, kubectl
from tests.cluster.probes import put
from tests.cluster.release import Release
from tests.needs import Cluster

from deploykit import assets

NAMESPACE = "rights-mage"
MAY = ["get", "create", "update", "patch", "delete"]
RULES = [
    {
        "apiGroups": ["", "apps"],
        "resources": [
            "secrets", "configmaps", "services", "serviceaccounts", "persistentvolumeclaims", "pods", "deployments",
        ],
        "verbs": [*MAY, "list"],
    },
    {"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"], "verbs": MAY},
]  # fmt: skip


def account() -> list[dict[str, Any]]:
    """The account, and what it may."""
    metadata = {"name": "installer", "namespace": NAMESPACE}
    group, account = "rbac.authorization.k8s.io", {"kind": "ServiceAccount", "name": "installer"}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata},
        {"apiVersion": f"{group}/v1", "kind": "Role", "metadata": metadata, "rules": RULES},
        {
            "apiVersion": f"{group}/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": group, "kind": "Role", "name": "installer"},
            "subjects": [{**account, "namespace": NAMESPACE}],
        },
    ]


@pytest.fixture
def installer(needs_cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Release]:
    """A release whose kubeconfig is that of such an account."""
    known = yaml.safe_load(Path(os.environ["KUBECONFIG"]).read_text())
    found = Release(cluster=needs_cluster, values=assets.chart() / "ci" / "minimal-values.yaml", namespace=NAMESPACE)
    create_namespace(NAMESPACE)
    try:
        put("apply", *account())
        token = found.kubectl("create", "token", "installer").strip()
        known["users"] = [{"name": user["name"], "user": {"token": token}} for user in known["users"]]
        guest = tmp_path / "kubeconfig"
        guest.touch(mode=0o600)
        guest.write_text(yaml.safe_dump(known))
        with monkeypatch.context() as as_installer:
            as_installer.setenv("KUBECONFIG", str(guest))
            yield found
    finally:
        kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait=false")


def test_who_may_not_list_networkpolicies_installs_upgrades_and_uninstalls(installer: Release) -> None:
    with pytest.raises(AssertionError, match="cannot list resource"):
        installer.kubectl("get", "networkpolicies")
    for _ in range(2):  # the second finds what the first has made
        said = installer.helm("upgrade", "--install", "mage", str(assets.chart()), "--values", str(installer.values))
        assert "NOTES:" in said.stdout
    installer.helm("uninstall", "mage")
