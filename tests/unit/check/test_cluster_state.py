"""How often a cluster is asked for its state."""

from collections import Counter

from tests.unit.check.cluster_objects import DNS, MAGE, SPARK
from tests.unit.kubernetes.api_server import kubeconfig, listing, serving

from deploykit.check.cluster.state import read
from deploykit.kubernetes_api import KubernetesApi


def test_each_list_is_asked_for_once_however_many_namespaces_there_are(tmp_path, monkeypatch):
    asked = Counter()

    class Counting(KubernetesApi):
        def list_objects(self, resource, namespace="", **more):
            asked[resource, namespace, str(more)] += 1
            return super().list_objects(resource, namespace, **more)

    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving(listing(*DNS, MAGE, SPARK)) as port:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config", f"http://127.0.0.1:{port}")))
        state = read(Counting(), ["mage", "ilum"])
    assert {*asked.values()} == {1}
    assert len(state.objects) == len([*DNS, MAGE, SPARK])
    assert state.readable >= {"mage", "ilum"}
