"""Isolation from the kubeconfig, the pod and the proxy that the tests may run with."""

import pytest


@pytest.fixture(autouse=True)
def no_cluster(tmp_path, monkeypatch):
    """Neither a kubeconfig nor a pod around."""
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
