"""`deploykit check --from mage` on a cluster: every fault is made for real, and told by its code, in time."""

import base64
import ipaddress
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from tests.cluster import check_pods
from tests.cluster.check_pods import DNS, EVERYTHING, MAGE, PORT, SERVER, SPARK, policy
from tests.cluster.kubectl import kubectl
from tests.cluster.probes import put
from tests.cluster.release import until
from tests.needs import Cluster, Ilum

from deploykit.check.cluster import driver, outside
from deploykit.check.inside import probes
from deploykit.check.inside.kinds import PROBE_LABEL
from deploykit.check.inside.probes import Inside
from deploykit.check.model import Step, failed
from deploykit.cli.main import run
from deploykit.kubernetes_api import KubernetesApi

ILUM = "chk-ilum"
API_SERVER = ("server", "API server")
SILENT_SECONDS = 3.0
POLL_SECONDS = 0.3
"""How late it may be seen that a probe has ended."""
LISTS_SECONDS = 3.0
"""For reading the cluster before and after, on a busy machine."""


@pytest.fixture(scope="module", autouse=True)
def cluster(needs_cluster: Cluster, image: str, spark: Ilum) -> Iterator[Cluster]:
    """The fake drivers beside the real one."""
    driver = [f"--namespace={spark.namespace}", "--selector=spark-role=driver"]
    spark_image = kubectl("get", "pods", *driver, "--output=jsonpath={.items[0].spec.containers[0].image}")
    with check_pods.running(image, spark_image):
        yield needs_cluster


def check(host: str, port: int = 15002, *, only: str | None = "server") -> Inside:
    begin = time.monotonic()
    found = probes.check(KubernetesApi(), namespace=MAGE, url=f"sc://{host}:{port}", only=only)
    assert all(seconds < SILENT_SECONDS + POLL_SECONDS for seconds in found.seconds.values())
    if only == "server":  # its pod runs: nothing has to be started
        assert time.monotonic() - begin < SILENT_SECONDS + LISTS_SECONDS
    return found


def failure(found: Inside) -> Step:
    assert found.walk.failure is not None
    assert found.walk.failure.fix, "it says what to type"
    return found.walk.failure


def taken(found: Inside, name: str, where: str = "server") -> Step:
    return next(step for step in found.walk.steps if (step.name, step.where) == (name, where))


@pytest.mark.parametrize(
    ("host", "code", "sentence"),
    [
        ("goood.chk-spark.svc", "service-missing", "There is no Service goood in namespace chk-spark."),
        ("headless.chk-spark.svc", "headless-without-pods", "Service chk-spark/headless is headless and has no pod"),
        ("empty.chk-spark.svc", "service-without-pods", "No pod is behind Service chk-spark/empty."),
        ("web.chk-spark.svc", "service-wrong-target-port", "leads to port 4040 of pod good; Spark Connect listens on"),
        ("closed.chk-spark.svc", "driver-starting", "The driver pod chk-spark/closed started"),
        ("crashed.chk-spark.svc", "driver-failed", "The driver pod chk-spark/crashed ended: Error, exit code 1."),
        ("no-class.chk-spark.svc", "driver-without-class", "ended with exit code 101: its main class is not in"),
        ("pulling.chk-spark.svc", "driver-pending", "The driver pod chk-spark/pulling has not started: "),
        ("good.chk-spark.svc", "http1", "speaks HTTP/1, not gRPC"),
    ],
)  # fmt: skip
def test_the_cluster_tells_what_looks_the_same_from_outside(host: str, code: str, sentence: str) -> None:
    step = failure(check(host))
    assert step.code == code
    assert sentence in step.sentence
    assert step.where == "server"


def test_each_cause_is_said_with_what_the_cluster_knows_of_it() -> None:
    assert failure(check("goood.chk-spark.svc")).why == "There is chk-spark/good."
    assert "selector is spark-app-name=nobody" in failure(check("empty.chk-spark.svc")).why
    assert "Java heap space" in failure(check("crashed.chk-spark.svc")).why
    assert "class org.apache.spark.sql.connect.NoServer" in failure(check("no-class.chk-spark.svc")).why
    assert '"path": "/spec/ports/0/targetPort", "value": 15002' in failure(check("web.chk-spark.svc")).fix


def test_an_address_that_no_pod_has_is_silent() -> None:
    address = unassigned_address()
    step = failure(check(address))
    assert (step.code, step.where) == ("address-silent", "server")
    assert f"Nobody answers at {address}:15002" in step.sentence


def unassigned_address() -> str:
    """An address beside the pods' that no pod has, and that is not soon given to one.

    Addresses are given in order, so it lies half a /24 ahead of the newest pod's.
    """
    listed = json.loads(kubectl("get", "pods", "--all-namespaces", "--output=json"))["items"]
    pods = [pod for pod in listed if pod["status"].get("podIP") and not pod["spec"].get("hostNetwork")]
    newest = max(pods, key=lambda pod: pod["metadata"]["creationTimestamp"])["status"]["podIP"]
    addresses = [str(host) for host in ipaddress.ip_network(f"{newest}/24", strict=False).hosts()]
    far = (addresses.index(newest) + len(addresses) // 2) % len(addresses)
    taken = {addresses[0], *(pod["status"]["podIP"] for pod in pods)}  # the first is the gateway's
    return next(address for address in addresses[far:] + addresses[:far] if address not in taken)


def test_an_address_of_a_service_has_its_services_problem() -> None:
    address = kubectl("get", "service", "web", f"--namespace={SPARK}", "--output=jsonpath={.spec.clusterIP}")
    step = failure(check(address))
    assert (step.code, step.name) == ("service-wrong-target-port", "http2")


def test_a_port_that_the_service_does_not_have_is_told() -> None:
    step = failure(check("good.chk-spark.svc", 15003))
    assert (step.code, step.why) == ("service-port-missing", "Its ports: TCP 15002.")


def test_a_driver_that_runs_for_long_and_does_not_listen_has_a_closed_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "STARTING_SECONDS", 0)
    step = failure(check("closed.chk-spark.svc"))
    assert (step.code, step.name) == ("closed-port", "tcp")
    assert step.sentence == "The driver pod chk-spark/closed runs, and does not listen on port 15002."


@pytest.mark.parametrize(
    ("host", "code", "sentence"),
    [
        ("unready.chk-spark.svc", "service-without-ready-pods", "No pod behind Service chk-spark/unready is ready"),
        ("runs.chk-spark.svc", "executors-behind-service", "Service chk-spark/runs leads to executors too: runs."),
    ],
)
def test_pods_that_a_service_should_not_or_cannot_lead_to_are_told(
    host: str, code: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "STARTING_SECONDS", 0)
    step = failure(check(host))
    assert (step.code, step.name) == (code, "tcp")
    assert sentence in step.sentence


def test_several_drivers_behind_one_service_are_told_though_it_answers() -> None:
    step = taken(check("crowd.chk-spark.svc"), "service", "cluster")
    assert (step.code, step.outcome) == ("several-drivers", "warned")
    assert "Spark drivers are behind Service chk-spark/crowd" in step.sentence


def test_a_server_that_is_silent_though_policies_allow_it_is_shown_by_both() -> None:
    found = check("full.chk-spark.svc")
    assert taken(found, "policy").code == "policies-allow"
    assert failure(found).code == "unreachable"
    assert found.walk.steps[-1].where == "server"
    assert "probe-differs-closed" in {step.code for step in found.walk.steps}


@pytest.mark.parametrize(
    ("policies", "code", "step", "word"),
    [
        ([policy(MAGE, "mage-server", SERVER, egress=[PORT])], "dns-denied", "name", "UDP 53"),
        ([policy(MAGE, "mage-server", SERVER, egress=[DNS])], "egress-denied", "tcp", "TCP 15002"),
        (
            [policy(SPARK, "closed-driver", {"spark-app-name": "good"}, ingress=[]),
             policy(MAGE, "mage-server", SERVER, egress=[EVERYTHING])],
            "ingress-denied", "tcp", "TCP 15002",
        ),
    ],
)  # fmt: skip
def test_a_policy_in_the_way_is_named_shown_by_the_probe_and_mended_by_the_patch(
    policies: list[dict[str, object]], code: str, step: str, word: str, tmp_path: Path
) -> None:
    put("apply", *policies)
    try:
        host = "good.chk-spark.svc"
        found = until_probed(host, step)
        by_policy, by_probe = failure(found), taken(found, step)
        assert by_policy.code == by_probe.code == code
        assert by_probe.outcome == "failed"
        assert by_probe.seconds < SILENT_SECONDS, "silence has a limit"
        assert f"{policies[0]['metadata']['namespace']}/{policies[0]['metadata']['name']}" in by_policy.sentence
        assert word in by_policy.why
        assert found.allowed.patches
        patch = tmp_path / "allow.yaml"
        patch.write_text(yaml.safe_dump_all(found.allowed.patches))
        kubectl("apply", f"--filename={patch}")
        until(20, lambda: taken(check(host), step).outcome == "ok", "the patch opens the way")
        kubectl("delete", f"--filename={patch}")
    finally:
        put("apply", policy(MAGE, "mage-server", SERVER, egress=[EVERYTHING]))
        kubectl("delete", "networkpolicy", "closed-driver", f"--namespace={SPARK}", "--ignore-not-found")


def until_probed(host: str, step: str) -> Inside:
    """The check once the cluster enforces the policies that it reads."""

    def fails() -> Inside | None:
        found = check(host)  # on a busy machine its probe may not get as far as the step
        seen = [one.outcome for one in found.walk.steps if (one.name, one.where) == (step, "server")]
        return found if seen == ["failed"] else None

    found = until(20, fails, "enforcement")
    assert isinstance(found, Inside)
    return found


def test_every_kind_of_pod_is_probed_and_the_real_server_answers(spark: Ilum, tmp_path: Path) -> None:
    put("apply", policy(MAGE, "mage-worker", {**SERVER, "app.kubernetes.io/component": "worker"}, egress=[PORT]))
    picture, patch = tmp_path / "mage.svg", tmp_path / "allow.yaml"
    command = [sys.executable, "-m", "deploykit", "check", spark.connect, "--from", "mage", "--namespace", MAGE]
    done = subprocess.run(
        [*command, "--svg", str(picture), "--patch", str(patch), "--executor-python", "2.7", "-o", "json"],
        capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    answer = json.loads(done.stdout)
    steps = {(step["where"], step["name"]): step for step in answer["steps"]}
    for kind in ("server", "test", "drift-check"):
        assert steps[kind, "version"]["outcome"] == "ok", f"{kind}: {done.stdout}"
    assert steps["worker", "policy-dns"]["code"] == steps["worker", "name"]["code"] == "dns-denied"
    assert (done.returncode, answer["code"]) == (4, "dns-denied")
    assert steps["worker", "name"]["seconds"] < SILENT_SECONDS
    assert steps["server", "image"]["code"] == "image-fine"
    assert steps["server", "python"]["code"] == "python-differs"
    assert steps["server", "query"]["sentence"] == "spark.range(1000).count() = 1000"
    assert [where for where, name in steps if name == "query"] == ["server"], "one pod asks for all"
    [api_server] = [one for one in answer["policies"]["cells"] if (one["kind"], one["destination"]) == API_SERVER]
    assert api_server["allowed"] is True
    assert "UDP 53 denied" in picture.read_text()
    assert [one["spec"]["policyTypes"] for one in yaml.safe_load_all(patch.read_text())] == [["Egress"], ["Egress"]]
    assert answer["policies"]["missing"] == list(yaml.safe_load_all(patch.read_text()))
    assert not probe_pods()


def test_what_policies_allow_is_said_of_the_cluster_without_a_probe(capsys: pytest.CaptureFixture[str]) -> None:
    question = ["policies", "--live", "--namespace", MAGE, "--to", "good.chk-spark.svc", "--port", "15002"]
    assert run([*question, "--from", "server"]) == 0
    assert run([*question, "--from", "mage-1", "--protocol", "UDP"]) == 4
    assert "Service chk-spark/good has no UDP port 15002" in capsys.readouterr().out


def test_ilum_api_is_found_in_a_namespace_that_is_neither_mages_nor_sparks() -> None:
    """By the Service of Ilum's own beside it; the pod need not run to be named by policies."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ILUM}}
    core = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "ilum-core", "namespace": ILUM}}
    api = check_pods.pod(ILUM, "ilum-api-0", {"app.kubernetes.io/name": "api"}, "registry.invalid/api:none", ["true"])
    try:
        put("apply", namespace)
        put("apply", {**core, "spec": {"ports": [{"port": 9888}], "selector": {"app": "ilum-core"}}}, api)
        found = next(step for step in check("good.chk-spark.svc").walk.steps if step.code == "ilum-api-open")
    finally:
        kubectl("delete", "namespace", ILUM, "--ignore-not-found", "--wait=false")
    assert found.sentence.startswith("Policies let server reach ilum-api, pod chk-ilum/ilum-api-0 port 8080:")
    assert (found.outcome, found.where) == ("warned", "server")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_check_that_is_stopped_removes_its_pods_and_none_was_ever_served(number: signal.Signals) -> None:
    page = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "page", "namespace": MAGE}}
    put("apply", {**page, "spec": {"selector": {"app.kubernetes.io/component": "test"}, "ports": [{"port": 6789}]}})
    arguments = ["check", "sc://full.chk-spark.svc", "--from", "test", "--namespace", MAGE]
    process = subprocess.Popen(
        [sys.executable, "-m", "deploykit", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until(30, lambda: any("podIP" in one["status"] for one in probe_pods()), "the probe pod has an address")
        slices = ["endpointslices", f"--namespace={MAGE}", "--selector=kubernetes.io/service-name=page"]
        until(10, lambda: "podIP" not in str(probe_pods()) or endpoints(slices), "the Service knows the pod")
        assert not any(ready for ready in endpoints(slices)), "a Service would send users to the probe"
        process.send_signal(number)
        process.wait(timeout=20)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130
    until(10, lambda: not probe_pods(), "the probe pods are gone")


def test_a_probe_in_a_pod_of_its_own_ends_in_time_too() -> None:
    found = check("full.chk-spark.svc", only="test")
    assert taken(found, "tcp", "test").code == "unreachable"
    assert 0 < found.seconds["test"] < SILENT_SECONDS + POLL_SECONDS
    assert not probe_pods()


def test_the_project_in_a_running_pod_is_checked() -> None:
    write = (
        "import pathlib; folder = pathlib.Path('/home/src/default_repo'); folder.mkdir();"
        "(folder / 'metadata.yaml').write_text('spark_config: {app_name: x, spark_master: local}');"
        "(folder / 'requirements.txt').write_text('pyspark==3.5.0')"
    )
    kubectl("exec", "mage-1", f"--namespace={MAGE}", "--", "python3", "-c", write)
    steps = [step for step in check("good.chk-spark.svc").walk.steps if step.name == "project"]
    assert steps[0].code == "pins-moved"
    assert steps[0].sentence.startswith("requirements.txt asks for pyspark==3.5.0, and the image holds pyspark 4.1.1")


def probe_pods() -> list[dict[str, dict[str, object]]]:
    listed = kubectl("get", "pods", f"--namespace={MAGE}", f"--selector={PROBE_LABEL}", "--output=json")
    return list(json.loads(listed)["items"])


def endpoints(arguments: list[str]) -> list[bool]:
    items = json.loads(kubectl("get", *arguments, "--output=json"))["items"]
    return [one["conditions"]["ready"] for item in items for one in item.get("endpoints") or ()]


def test_a_failure_that_was_met_outside_is_told_by_the_cluster_too() -> None:
    address = kubectl("get", "service", "empty", f"--namespace={SPARK}", "--output=jsonpath={.spec.clusterIP}")
    for url in ("sc://empty.chk-spark.svc", f"sc://{address}"):
        told = outside.judge(url, KubernetesApi)(failed("refused"))
        assert told is not None
        assert (told.code, told.sentence) == ("service-without-pods", "No pod is behind Service chk-spark/empty.")
    blind = outside.judge("sc://empty.chk-spark.svc", None)(failed("refused"))
    assert blind is not None
    assert blind.why.startswith("One of these")


def test_without_rights_in_sparks_namespace_it_is_one_of_these(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person who may look at Mage's namespace only."""
    resources = "pods,services,networkpolicies.networking.k8s.io,endpointslices.discovery.k8s.io"
    kubectl("create", "serviceaccount", "guest", f"--namespace={MAGE}")
    kubectl("create", "role", "guest", f"--namespace={MAGE}", "--verb=get,list", f"--resource={resources}")
    kubectl("create", "role", "exec", f"--namespace={MAGE}", "--verb=get,create", "--resource=pods/exec")
    for role in ("guest", "exec"):
        kubectl(
            "create", "rolebinding", role, f"--namespace={MAGE}", f"--role={role}", f"--serviceaccount={MAGE}:guest"
        )
    token = kubectl("create", "token", "guest", f"--namespace={MAGE}").strip()
    known = yaml.safe_load(Path(os.environ["KUBECONFIG"]).read_text())
    known["users"] = [{"name": user["name"], "user": {"token": token}} for user in known["users"]]
    guest = tmp_path / "kubeconfig"
    guest.write_text(yaml.safe_dump(known))
    guest.chmod(0o600)
    monkeypatch.setenv("KUBECONFIG", str(guest))

    step = failure(check("closed.chk-spark.svc"))
    assert step.code == "refused"
    assert step.why.startswith("One of these")
    assert "the Service has no pods behind it" in step.why
    assert "Namespace chk-spark may not be read" in step.why
    assert "The cluster's DNS was not seen, in kube-system or openshift-dns." in step.why
    assert "openshift-dns may not be read" not in step.why, "most clusters have no such namespace"
    assert "refused" in step.sentence
    found = probes.check(KubernetesApi(), namespace=MAGE, url="sc://good.chk-spark.svc", only="test")
    assert failure(found).code == "probe-forbidden"
    assert base64.b64encode(token.encode()).decode() not in str(found)
    assert token not in str(found)
