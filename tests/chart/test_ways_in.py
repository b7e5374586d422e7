"""The ways to Mage's page: its Service, an ingress, Prometheus."""

import pytest
from tests.chart.rendering import environment, mage, named, of_kind, rendered

pytestmark = pytest.mark.usefixtures("needs_helm")

INGRESS = ("mageai.ingress.enabled=true", "mageai.ingress.hosts=[mage.example.com]")


def ingress(*changes, name="minimal"):
    return named(rendered(name, *INGRESS, *changes), "Ingress", "mage")


def test_nothing_leads_to_the_page_unless_asked_for():
    documents = rendered("minimal")
    assert of_kind(documents, "Ingress") == []
    assert named(documents, "Service", "mage")["spec"]["type"] == "ClusterIP"


@pytest.mark.parametrize(("base_path", "path"), [("", "/"), ("external/mageai", "/external/mageai")])
def test_an_ingress_serves_each_host_under_the_base_path(base_path, path):
    found = ingress(f'mageai.basePath="{base_path}"', "mageai.ingress.hosts=[a.example, b.example]")
    assert [rule["host"] for rule in found["spec"]["rules"]] == ["a.example", "b.example"]
    for rule in found["spec"]["rules"]:
        [only] = rule["http"]["paths"]
        assert (only["path"], only["pathType"]) == (path, "Prefix")
        assert only["backend"]["service"] == {"name": "mage", "port": {"name": "http"}}


def test_class_certificate_and_annotations_are_the_users():
    found = named(rendered("split"), "Ingress", "mage")
    assert found["spec"]["ingressClassName"] == "nginx"
    assert found["spec"]["tls"] == [{"secretName": "mage-tls", "hosts": ["mage.example.com"]}]
    assert found["metadata"]["annotations"]["cert-manager.io/cluster-issuer"] == "company"
    assert "annotations" not in ingress()["metadata"]


@pytest.mark.parametrize(
    ("controller", "expected"),
    [
        ("nginx", {"nginx.ingress.kubernetes.io/proxy-read-timeout": "3600", "nginx.org/websocket-services": "mage"}),
        ("haproxy", {"haproxy-ingress.github.io/timeout-tunnel": "1h", "haproxy.org/timeout-server": "1h"}),
    ],
)
def test_a_controller_is_told_to_keep_web_sockets_open(controller, expected):
    annotations = ingress(f"mageai.ingress.controller={controller}")["metadata"]["annotations"]
    assert expected.items() <= annotations.items()


def test_the_users_annotation_wins():
    key = "nginx.ingress.kubernetes.io/proxy-read-timeout"
    changed = ingress("mageai.ingress.controller=nginx", f'mageai.ingress.annotations={{{key}: "60"}}')
    assert changed["metadata"]["annotations"][key] == "60"


def test_a_browser_stays_with_one_of_several_web_servers():
    """The kernel of an open notebook is in one pod."""
    documents = rendered("split")
    assert named(documents, "Service", "mage")["spec"]["sessionAffinity"] == "ClientIP"
    annotations = named(documents, "Ingress", "mage")["metadata"]["annotations"]
    assert annotations["nginx.ingress.kubernetes.io/affinity"] == "cookie"
    haproxy = ingress("mageai.ingress.controller=haproxy", name="split")["metadata"]["annotations"]
    assert haproxy["haproxy-ingress.github.io/affinity"] == "cookie"
    for changes, sticky in (((), True), (("mageai.webServer.replicaCount=1",), False)):
        service = named(rendered("split", "mageai.ingress.controller=traefik", *changes), "Service", "mage")
        key = "traefik.ingress.kubernetes.io/service.sticky.cookie"
        assert service["metadata"].get("annotations", {}) == ({key: "true"} if sticky else {})
    assert "sessionAffinity" not in named(rendered("minimal"), "Service", "mage")["spec"]


@pytest.mark.parametrize(("base_path", "path"), [("", "/"), ("external/mageai", "/external/mageai")])
def test_a_gateway_leads_to_the_page_under_the_base_path(base_path, path):
    route = "{enabled: true, parentRefs: [{name: public, namespace: gateways}], hosts: [mage.example.com]}"
    documents = rendered("minimal", f"mageai.httpRoute={route}", f'mageai.basePath="{base_path}"')
    spec = named(documents, "HTTPRoute", "mage")["spec"]
    assert spec["parentRefs"] == [{"name": "public", "namespace": "gateways"}]
    assert spec["hostnames"] == ["mage.example.com"]
    [rule] = spec["rules"]
    assert rule["matches"] == [{"path": {"type": "PathPrefix", "value": path}}]
    [port] = named(documents, "Service", "mage")["spec"]["ports"]
    assert rule["backendRefs"] == [{"name": "mage", "port": port["port"]}]
    assert of_kind(rendered("minimal"), "HTTPRoute") == []


def test_prometheus_is_led_to_the_metrics_under_the_base_path():
    documents = rendered("split")
    monitor = named(documents, "ServiceMonitor", "mage")
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    [endpoint] = monitor["spec"]["endpoints"]
    assert endpoint == {"port": "http", "path": "/mage/metrics", "interval": "30s"}
    service = named(documents, "Service", "mage")
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert endpoint["port"] in [port["name"] for port in service["spec"]["ports"]]
    assert environment(mage(documents, "web"))["ENABLE_PROMETHEUS"]["value"] == "1"


def test_mage_has_no_metrics_unless_asked_for():
    assert of_kind(rendered("minimal"), "ServiceMonitor") == []
    assert "ENABLE_PROMETHEUS" not in environment(mage(rendered("minimal")))
    metrics = rendered("minimal", "mageai.metrics.enabled=true")
    assert of_kind(metrics, "ServiceMonitor") == []
    assert "ENABLE_PROMETHEUS" in environment(mage(metrics))
