"""What a look into a pod makes of it: its image beside a real registry's word, its project, and a probe's silence."""

import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.unit.check.cluster_objects import MAGE, SERVER, state
from tests.unit.kubernetes.api_server import kubeconfig, serving
from tests.unit.mage_ilum import servers

from deploykit.check.image import labels
from deploykit.check.inside import answers, judge, probes, query
from deploykit.check.inside.kinds import Kind, kinds
from deploykit.check.inside.query import first_able
from deploykit.check.inside.said import Said
from deploykit.check.inside.things import image_and_project
from deploykit.check.model import Step, Walk, decided
from deploykit.cli import check_inside
from deploykit.deploy.policies import Network
from deploykit.deploy.policies.allowed import allowed
from deploykit.errors import UsageError
from deploykit.kubernetes_api import KubernetesApi
from deploykit.registry.manifest import compact, sha256

CONFIG = compact({"config": {"Labels": {"io.deploykit.spark": "4.1.1"}}})
IMAGE = compact({"config": {"digest": sha256(CONFIG)}})
AMD, ARM = sha256(IMAGE), sha256(b"another")
NOTES = sha256(b"what an engine says of the images")
MANIFESTS = compact(
    {
        "manifests": [
            {"digest": NOTES, "platform": {"os": "unknown", "architecture": "unknown"}},
            {"digest": AMD, "platform": {"os": "linux", "architecture": "amd64"}},
            {"digest": ARM, "platform": {"os": "linux", "architecture": "arm64"}},
        ]
    }
)
INDEX = sha256(MANIFESTS)
ANSWERS = {
    "/v2/mage/manifests/1": MANIFESTS,
    f"/v2/mage/manifests/{AMD}": IMAGE,
    f"/v2/mage/manifests/{NOTES}": compact({"config": {"digest": sha256(b"{}")}}),
    f"/v2/mage/blobs/{sha256(b'{}')}": b"{}",
    f"/v2/mage/blobs/{sha256(CONFIG)}": CONFIG,
}


@contextmanager
def registry() -> Iterator[str]:
    """A registry with one image for two platforms; its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = ANSWERS[self.path]
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Not in the tests' output."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def kind(image: str = "127.0.0.1:1/mage:1", digest: str = "") -> Kind:
    status = {"containerStatuses": [{"name": "mage", "imageID": f"mage@{digest}"}]}
    model = {
        "metadata": {"name": "mage-1"},
        "spec": {"containers": [{"name": "mage", "image": image}]},
        "status": status,
    }
    return Kind(name="server", namespace="mage", release="mage", model=model, labels=SERVER, running="mage-1")


def looked(found: Kind, registered: labels.Registered | None = None, **facts: object) -> list[Step]:
    said = Said(out=json.dumps({"project": "/p", "metadata": "", "pyspark": "4.1.1", **facts}), exit_code=0)
    return list(image_and_project(found, said, wanted={}, registered=registered))


def test_a_registry_is_asked_for_labels_and_every_platforms_digest() -> None:
    with registry() as address:
        found = labels.ask(f"{address}/mage:1")
    assert found == labels.Registered(INDEX, {"io.deploykit.spark": "4.1.1"}, frozenset({AMD, ARM}))


def test_a_silent_registry_takes_no_longer_than_the_probes_and_keeps_no_process_alive() -> None:
    """A request of its own would be given 3 s."""
    code = (
        "import sys, time; from deploykit.check.image.asking import Registries; begin = time.monotonic()\n"
        "answers = Registries(sys.argv[1:], seconds=1.5).answers()\n"
        "print(*answers, 1.5 <= time.monotonic() - begin < 2.5, flush=True)"
    )
    with registry() as address, servers.silent() as port:
        references = (f"{address}/mage:1", f"127.0.0.1:{port}/mage:1")
        with subprocess.Popen([sys.executable, "-c", code, *references], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline().split() == [references[0], "True"]
            process.wait(timeout=1)


def test_a_registry_that_speaks_no_http_says_nothing() -> None:
    with servers.babbling() as port:
        assert labels.ask(f"127.0.0.1:{port}/mage:1") is None


@pytest.mark.parametrize(
    ("digest", "code"), [(INDEX, "image-fine"), (ARM, "image-fine"), ("sha256:old", "started-before-upgrade")]
)
def test_a_node_may_name_an_index_by_the_image_of_its_platform(digest: str, code: str) -> None:
    with registry() as address:
        found = looked(kind(f"{address}/mage:1", digest), labels.ask(f"{address}/mage:1"))
    assert [step.code for step in found if step.name == "image"] == [code]


def test_an_image_without_constraints_is_held_to_the_pyspark_in_it() -> None:
    [step] = [one for one in looked(kind(), requirements="pyspark==3.5.0") if one.name == "project"]
    assert (step.code, "move the client away" in step.why) == ("pins-moved", True)


@pytest.mark.parametrize("out", ["", "no JSON", "1", "[1]"])
def test_what_is_no_answer_is_a_project_that_could_not_be_read(out: str) -> None:
    [step] = image_and_project(kind(), Said(out=out, error="sh: python3: not found"), wanted={}, registered=None)
    assert (step.code, step.outcome, step.exit_code) == ("project-unread", "warned", 0)


def test_a_probe_of_its_own_that_was_silent_names_a_pod_that_is_there() -> None:
    [test] = [one for one in kinds(state(MAGE), "mage", release=None) if one.name == "test"]
    [step] = answers.walk_of(test, Said(problem="silent"), seconds=3, start_seconds=30).steps
    assert step.sentence == "The probe in pod mage-check-test did not answer within 3 s."
    assert step.fix == "kubectl --namespace mage exec mage-1 -- python3 -m mage_ilum.check"


@pytest.mark.parametrize("noise", ["{not JSON", "{", "[1]", "3", "Bye."])
def test_what_an_image_prints_around_the_walk_does_not_hide_it(noise: str) -> None:
    walk = json.dumps(Walk(steps=(), server="4.1.1").to_json())
    said = Said(out=f"{noise}\n{walk}\n{noise}\n", exit_code=0)
    assert answers.walk_of(kind(), said, seconds=3, start_seconds=30).server == "4.1.1"


def test_why_a_probe_did_not_start_is_not_replaced_by_what_it_may_be() -> None:
    refused = Said(problem="not-started", reason='pods "x" is forbidden: exceeded quota: full')
    [step] = decided(answers.walk_of(kind(), refused, seconds=3, start_seconds=30)).steps
    assert (step.code, step.why) == ("probe-not-started", "exceeded quota: full")


@pytest.mark.parametrize(("url", "says"), [("spark:15002", "sc://"), ("sc://spark/;x-key=s3cr3t", "no other header")])
def test_an_address_that_the_pods_may_not_be_given_is_refused_before_the_cluster_is_asked(url: str, says: str) -> None:
    nobody: KubernetesApi = None  # type: ignore[assignment] # not to be asked
    with pytest.raises(UsageError, match=says) as caught:
        probes.check(nobody, namespace="mage", url=url)
    assert "s3cr3t" not in f"{caught.value} {caught.value.why} {caught.value.fix}"


def test_the_last_line_counts_the_pods_alone_that_reached_spark() -> None:
    reached = Step(name="spark-connect", outcome="ok", code="ok", sentence="", where="server")
    found = probes.Inside(
        kinds=("server", "test"), walk=Walk(steps=(reached,), server="4.1.1"), seconds={},
        allowed=allowed(Network(), namespace="mage"),
    )  # fmt: skip
    assert check_inside._summary(found) == "Mage's pods reach Spark 4.1.1: server. Not asked: test."


@pytest.mark.parametrize(
    ("executors", "code"), [("3.10", "same-python"), ("3.12", "python-differs"), (None, "python-unknown")]
)
def test_the_python_that_a_pod_has_is_judged_for_udfs(executors: str | None, code: str) -> None:
    unjudged = Step(name="python", outcome="skipped", code="python-unknown", sentence="", where="worker")
    [step] = judge.with_python(Walk(steps=(unjudged,), python="3.10.13"), executors).steps
    assert (step.code, step.where) == (code, "worker")
    assert "Python 3.10" in step.sentence


def test_a_query_is_for_a_pod_that_runs_and_has_reached_spark() -> None:
    reached, failed = (
        Walk(steps=(Step(name="version", outcome=outcome, code="x", sentence=""),)) for outcome in ("ok", "failed")
    )
    server, test = kinds(state(MAGE), "mage", release=None)
    assert first_able([server, test], {"server": reached, "test": reached}) == server
    assert first_able([server, test], {"server": failed, "test": reached}) is None


def test_a_query_that_does_not_get_through_to_the_pod_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(query, "execute", lambda *_: over.wait())
    monkeypatch.setattr(query, "_SESSION_SECONDS", 0)
    nobody: KubernetesApi = None  # type: ignore[assignment] # not to be asked
    [step] = query.query(nobody, kind(), None, 0)
    over.set()
    assert step.code == "probe-silent"


@pytest.mark.parametrize(
    ("answer", "images"),
    [
        ({"items": [{"metadata": {"name": "mage"}, "spec": {"template": MAGE}}]}, {"deployment/mage": "mage:1"}),
        ("<html>Sign in</html>", {}),
        ('{"kind": "Status"}', {}),
    ],
)
def test_what_deployments_name_is_nothing_where_that_cannot_be_read(
    answer: object, images: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving({"/apis/apps/v1/namespaces/mage/deployments": answer}) as port:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config", f"http://127.0.0.1:{port}")))
        assert probes._workloads(KubernetesApi(), "mage") == images
