"""What looks the same from outside is told apart by the cluster's state."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from tests.unit.check.cluster_objects import DNS, DRIVER, LONG_AGO, MAGE, NOW, SPARK, pod, policy, service, state

from deploykit.check import codes
from deploykit.check.cluster import outside
from deploykit.check.cluster.decide import decide
from deploykit.check.cluster.policy import verdict
from deploykit.check.cluster.state import ClusterState
from deploykit.check.model import Step, failed
from deploykit.deploy.policies.dialled import Dialled, at_service, dialled
from deploykit.errors import UnreachableError
from deploykit.kubernetes_api import KubernetesApi

SERVICE = service("ilum", "spark", {"spark-role": "driver"})
URL = dialled("spark.ilum.svc.cluster.local", 15002, home="mage")


def told(
    code: str, *objects: dict[str, Any], wanted: Dialled = URL, unreadable: str = "", asked_by_pod: bool = True
) -> Step | None:
    found: ClusterState = state(MAGE, *objects, unreadable=unreadable)
    seen = verdict(found, "server", found.network.pod("mage", "mage-1"), wanted) if asked_by_pod else None
    judge = decide(found, wanted, verdict=seen, now=datetime.fromisoformat(NOW))
    return judge(failed(code, where="server", host=wanted.host, port=str(wanted.port)))


def ended(code: int, message: str = "", reason: str = "Error") -> dict[str, Any]:
    return {"state": {"terminated": {"exitCode": code, "reason": reason, "message": message}}}


def code_of(step: Step | None) -> str:
    return step.code if step is not None else ""


def declaring(port: int) -> dict[str, Any]:
    """A driver as Spark 4.1 makes it."""
    return told_to(
        "ports", [{"name": "spark-ui", "containerPort": 4040}, {"name": "spark-connect", "containerPort": port}]
    )


def told_to(key: str, value: object) -> dict[str, Any]:
    """A driver whose container has this."""
    made = pod("ilum", "connect-driver", DRIVER, address="10.0.0.2")
    made["spec"]["containers"] = [{"name": "spark-kubernetes-driver", "image": "spark:1", key: value}]
    return made


def env(value: str) -> dict[str, str]:
    return {"name": "JAVA_TOOL_OPTIONS", "value": value}


def test_a_pod_that_a_template_will_make_has_no_port_to_be_wrong() -> None:
    template = {"metadata": {"labels": DRIVER}, "spec": {"containers": [{"name": "main"}]}}
    server = {
        "kind": "Deployment",
        "metadata": {"namespace": "ilum", "name": "connect"},
        "spec": {"template": template},
    }
    assert told("refused", service("ilum", "spark", {"spark-role": "driver"}, target=4040), server) is None


STARTED_NOW = {"state": {"running": {"startedAt": "2026-11-23T04:59:30Z"}}}
PULLING = {"state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}


@pytest.mark.parametrize(
    ("code", "objects", "expected"),
    [
        ("name-unknown", [], "service-missing"),
        ("name-unknown", [service("ilum", "spark", {"x": "y"}, ip="None")], "headless-without-pods"),
        ("refused", [service("ilum", "spark", {"x": "y"}), SPARK], "service-without-pods"),
        ("unreachable", [service("ilum", "spark", {"x": "y"})], "service-without-pods"),
        ("refused", [service("ilum", "spark", DRIVER, port=15003), SPARK], "service-port-missing"),
        ("refused", [service("ilum", "spark", DRIVER, target=4041), declaring(15002)], "service-wrong-target-port"),
        ("refused", [service("ilum", "spark", DRIVER, target=4041), SPARK], "closed-port"),
        ("http1", [service("ilum", "spark", DRIVER, target=4040), SPARK], "service-wrong-target-port"),
        ("refused", [SERVICE, SPARK, pod("ilum", "b", {**DRIVER}, address="10.0.0.3")], "several-drivers"),
        ("refused", [service("ilum", "spark", {"spark-app-name": "connect"}), SPARK,
                     pod("ilum", "exec", {**DRIVER, "spark-role": "executor"}, address="10.0.0.4")],
         "executors-behind-service"),
        ("refused", [SERVICE, pod("ilum", "d", DRIVER, address="10.0.0.2", ready=False)], "service-without-ready-pods"),
        ("refused", [SERVICE, pod("ilum", "d", DRIVER, container=ended(101, "Error: Failed to load class X"))],
         "driver-without-class"),
        ("refused", [SERVICE, pod("ilum", "d", DRIVER, container=ended(137, reason="OOMKilled"))], "driver-failed"),
        ("refused", [SERVICE, pod("ilum", "d", DRIVER, address="10.0.0.2", container=STARTED_NOW)], "driver-starting"),
        ("refused", [SERVICE, pod("ilum", "d", DRIVER, container=PULLING, ready=False)], "driver-pending"),
        ("refused", [SERVICE, pod("ilum", "d", DRIVER, container={}, ready=False)], "driver-pending"),
        ("refused", [SERVICE, SPARK], "closed-port"),
        ("refused", [SERVICE, SPARK, policy("mage", "deny", {}, egress=[])], "egress-denied"),
        ("unreachable", [SERVICE, SPARK, policy("mage", "deny", {}, egress=[])], "egress-denied"),
        ("unreachable", [SERVICE, SPARK, policy("ilum", "deny", {}, ingress=[])], "ingress-denied"),
        ("dns-silent", [SERVICE, SPARK, policy("mage", "deny", {}, egress=[])], "dns-denied"),
    ],
)  # fmt: skip
def test_a_failure_is_told_as_what_it_is(code: str, objects: list[dict[str, Any]], expected: str) -> None:
    step = told(code, *objects)
    assert step is not None
    assert (step.code, step.where, step.outcome) == (expected, "server", "failed")
    assert expected in codes.load()[code].one_of, "--explain and docs/codes.md say so"
    assert step.fix, "it says what to type"
    assert "{" not in step.sentence + step.why, "every name has its value"


def test_nothing_is_made_up_where_the_state_explains_nothing() -> None:
    assert told("unreachable", SERVICE, SPARK) is None
    assert told("tls-untrusted", SERVICE, SPARK) is None
    assert told("name-unknown", SERVICE, SPARK) is None


@pytest.mark.parametrize("code", ["silent", "closed", "name-unknown"])
@pytest.mark.parametrize("denied", [policy("mage", "deny", {}, egress=[]), policy("ilum", "deny", {}, ingress=[])])
def test_a_policy_that_is_not_enforced_is_not_blamed(code: str, denied: dict[str, Any]) -> None:
    assert told(code, SERVICE, SPARK, denied) is None, "TCP stood, or DNS answered"


def test_an_address_that_takes_connections_is_somebodys() -> None:
    assert told("silent", SERVICE, SPARK, wanted=dialled("10.0.0.99", 15002, home="mage")) is None


def test_a_service_that_is_fine_is_unknown_outside_its_cluster() -> None:
    step = told("name-unknown", SERVICE, SPARK, asked_by_pod=False)
    assert step is not None
    assert (step.code, step.sentence) == (
        "outside-cluster", "Service ilum/spark is there, and its name is known inside its cluster alone.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("code", "objects", "expected"),
    [
        ("refused", [service("ilum", "spark", {"spark-app-name": "connect"}),
                     pod("ilum", "z", {**DRIVER, "spark-role": "executor"}, container=ended(143))],
         "service-without-pods"),
        ("refused", [service("ilum", "spark", {"spark-app-name": "connect"}),
                     pod("ilum", "z", {**DRIVER, "spark-role": "executor"}, container=PULLING, ready=False)],
         "service-without-ready-pods"),
    ],
)  # fmt: skip
def test_an_executor_is_never_called_the_driver(code: str, objects: list[dict[str, Any]], expected: str) -> None:
    step = told(code, *objects)
    assert step is not None
    assert step.code == expected


@pytest.mark.parametrize("code", ["refused", "unreachable"])
def test_a_name_that_had_an_answer_is_no_missing_service(code: str) -> None:
    assert told(code, SPARK, wanted=dialled("localhost", 15002, home="mage")) is None


def test_a_driver_that_waits_does_not_take_a_services_name_away() -> None:
    waiting = pod("ilum", "d", DRIVER, container=PULLING, ready=False)
    assert told("name-unknown", SERVICE, waiting) is None
    headless = told("name-unknown", service("ilum", "spark", DRIVER, ip="None"), waiting)
    assert headless is not None
    assert headless.code == "driver-pending"


def test_a_proxy_that_ends_tls_before_spark_listens_where_it_likes() -> None:
    gateway = pod("ilum", "envoy", {"app": "envoy"}, address="10.0.0.7")
    assert told("http1", service("ilum", "spark", {"app": "envoy"}, target=8443), gateway) is None


def test_a_driver_listens_where_it_was_told_to() -> None:
    elsewhere = service("ilum", "spark", DRIVER, target=15099)
    setting = "spark.connect.grpc.binding.port=15099"
    for driver in (declaring(15099), told_to("args", ["--conf", setting]), told_to("env", [env("-D" + setting)])):
        assert told("http1", elsewhere, driver) is None
        assert code_of(told("refused", elsewhere, driver)) == "closed-port"
        wrong = told("http1", service("ilum", "spark", DRIVER), driver)
        assert wrong is not None
        assert wrong.sentence.endswith("leads to port 15002 of pod connect-driver; Spark Connect listens on 15099.")
        assert '"value": 15099' in wrong.fix


def test_a_driver_of_which_nobody_says_where_it_listens_is_not_judged_by_the_default() -> None:
    elsewhere = service("ilum", "spark", DRIVER, target=15099)
    starting = pod("ilum", "connect-driver", DRIVER, address="10.0.0.2", container=STARTED_NOW)
    assert code_of(told("refused", elsewhere, starting)) == "driver-starting"
    closed = told("refused", elsewhere, SPARK)
    assert closed is not None
    assert (closed.code, "unless its spark.connect.grpc.binding.port is another" in closed.why) == ("closed-port", True)


@pytest.mark.parametrize("beside", ["containers", "initContainers"])
def test_a_sidecar_that_ends_tls_may_be_led_to(beside: str) -> None:
    driver = declaring(15002)
    sidecar = {"name": "envoy", "image": "envoy:1", "restartPolicy": "Always"}
    driver["spec"].setdefault(beside, []).append(sidecar)
    for target in (8443, 8444):  # one that it declares, and one that it does not
        assert told("tls-required", service("ilum", "spark", DRIVER, target=target), driver) is None
    sidecar["ports"] = [{"containerPort": 8443}]
    assert told("tls-required", service("ilum", "spark", DRIVER, target=8443), driver) is None
    page = service("ilum", "spark", DRIVER, target=4040)
    assert code_of(told("http1", page, driver)) == "service-wrong-target-port", "Spark's own page is no sidecar"


def test_a_starting_driver_does_not_explain_silence() -> None:
    young = pod("ilum", "d", DRIVER, address="10.0.0.2", container=STARTED_NOW)
    assert told("unreachable", SERVICE, young) is None


def test_dns_whose_pods_are_not_ready_is_down() -> None:
    down = replace(state(), objects=())
    sick = pod("kube-system", "coredns", {"k8s-app": "kube-dns"}, address="10.0.0.53", ready=False)
    found = replace(down, objects=(sick, DNS[1], SERVICE, SPARK), network=state(SERVICE, SPARK).network)
    step = decide(found, URL, verdict=None, now=datetime.fromisoformat(NOW))(failed("dns-silent"))
    assert step is not None
    assert (step.code, step.sentence) == ("dns-down", "No pod of the cluster's DNS is ready.")


def test_without_rights_it_is_one_of_these() -> None:
    step = told("refused", SERVICE, SPARK, unreadable="ilum", asked_by_pod=False)
    assert step is not None
    assert step.code == "refused"
    assert step.why.startswith("One of these")
    assert step.why.endswith("Namespace ilum may not be read: no rights.")


def test_without_a_cluster_it_is_one_of_these() -> None:
    step = decide(None, URL, verdict=None, now=datetime.fromisoformat(NOW))(failed("unreachable"))
    assert step is not None
    assert "a firewall or a security group between" in step.why
    assert step.why.endswith("was not asked.")


def test_a_cluster_that_was_asked_is_not_said_to_have_not_been() -> None:
    def no_rights() -> KubernetesApi:
        raise UnreachableError("The Kubernetes API does not let you list services.")

    step = outside.judge("sc://localhost:15002", no_rights)(failed("refused"))
    assert step is not None
    assert step.code == "refused"
    assert step.why.endswith("does not say: The Kubernetes API does not let you list services.")


def test_an_address_of_nobody_is_silent_by_address() -> None:
    step = told("unreachable", SERVICE, SPARK, wanted=dialled("10.0.0.99", 15002, home="mage"))
    assert step is not None
    assert step.code == "address-silent"


@pytest.mark.parametrize("host", ["10.96.0.9", "192.0.2.7", "2001:db8::7"])
def test_an_address_of_a_service_is_that_service(host: str) -> None:
    page = service("ilum", "spark", DRIVER, target=4040)
    page["spec"]["clusterIPs"] = ["10.96.0.9", "2001:db8:0::7"]
    page["status"] = {"loadBalancer": {"ingress": [{"hostname": "lb.example"}, {"ip": "192.0.2.7"}]}}
    headless = service("ilum", "other", DRIVER, ip="None")
    headless["spec"]["clusterIPs"] = ["None"]
    wanted = at_service(dialled(host, 15002, home="mage"), [headless, page])
    assert (wanted.namespace, wanted.service, wanted.is_address) == ("ilum", "spark", True)
    assert code_of(told("http1", page, SPARK, wanted=wanted)) == "service-wrong-target-port"


def test_an_address_of_no_service_stays_one() -> None:
    wanted = dialled("10.96.0.8", 15002, home="mage")
    assert at_service(wanted, [SERVICE]) == wanted


def test_the_sentence_of_a_java_error_is_the_error_and_not_its_place() -> None:
    log = "INFO start\njava.lang.OutOfMemoryError: Java heap space\n\tat org.apache.X.y(X.java:1)\nINFO Shutdown hook"
    step = told("refused", SERVICE, pod("ilum", "d", DRIVER, container=ended(1, log)))
    assert step is not None
    assert step.why == "java.lang.OutOfMemoryError: Java heap space"
    assert step.fix == "kubectl --namespace ilum logs d"


def test_a_pod_that_was_started_again_shows_its_last_end() -> None:
    again = {"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": ended(1, "Exception: x")["state"]}
    step = told("refused", SERVICE, pod("ilum", "d", DRIVER, container=again, ready=False))
    assert step is not None
    assert (step.code, step.fix) == ("driver-failed", "kubectl --namespace ilum logs d --previous")
    assert LONG_AGO not in step.sentence


@pytest.mark.parametrize(
    ("host", "namespace", "name"),
    [
        ("spark", "mage", "spark"),
        ("spark.ilum", "ilum", "spark"),
        ("spark.ilum.svc", "ilum", "spark"),
        ("spark.ilum.svc.cluster.local.", "ilum", "spark"),
        ("pod-0.spark.ilum.svc.cluster.local", "ilum", "spark"),
        ("spark.example.com", "", ""),
        ("10.96.0.1", "", ""),
        ("2001:db8::1", "", ""),
    ],
)
def test_a_host_is_read_as_a_pod_of_mage_would(host: str, namespace: str, name: str) -> None:
    found = dialled(host, 15002, home="mage")
    assert (found.namespace, found.service) == (namespace, name)
