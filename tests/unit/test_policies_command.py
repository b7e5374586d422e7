"""`deploykit policies`, and the same in `deploykit plan`: from values, from manifests, and from both."""

import io
import json
import sys
from pathlib import Path

import pytest
import yaml
from tests.unit.check.cluster_objects import DRIVER, policy, service
from tests.unit.check.cluster_objects import SPARK as SPARK_POD
from tests.unit.kubernetes.api_server import PODS, kubeconfig, listing, serving

from deploykit.check.question import namespaces
from deploykit.cli.main import run

pytestmark = pytest.mark.usefixtures("isolated", "needs_helm")

VALUES = """\
mageai: {image: {repository: registry.example/mage-ilum, tag: x}}
ilum: {server: {host: spark-connect-server.ilum.svc.cluster.local}}
"""
HOST = "spark-connect-server.ilum.svc.cluster.local"
SPARK = f"Spark {HOST}:15002"
ROLE = {"spark-role": "driver"}
DENY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: ilum}
spec: {podSelector: {matchLabels: {spark-role: driver}}, policyTypes: [Ingress]}
"""


@pytest.fixture
def values(tmp_path):
    path = tmp_path / "values.yaml"
    path.write_text(VALUES)
    return str(path)


@pytest.fixture
def there(tmp_path):
    """A folder with a policy that isolates Spark's driver."""
    folder = tmp_path / "there" / "ilum"
    folder.mkdir(parents=True)
    (folder / "deny.yaml").write_text(DENY)
    return str(folder.parent)


@pytest.fixture
def policies(capsys):
    """Run `deploykit policies`; returns the exit code and stdout."""

    def policies(*arguments):
        code = run(["policies", *arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return code, out, err

    return policies


@pytest.fixture
def as_json(policies):
    def as_json(*arguments):
        code, out, _ = policies(*arguments, "-o", "json")
        return code, json.loads(out)

    return as_json


def cell(found, kind, destination):
    return next(one for one in found["cells"] if (one["kind"], one["destination"]) == (kind, destination))


def test_the_charts_policies_are_told_before_they_are_installed(policies, values):
    code, out, err = policies("--values", values)
    assert (code, err) == (0, "")
    header, *lines = out.splitlines()
    assert header.split() == ["policies", "let", "server", "test"]
    assert [line.split() for line in lines if f"{SPARK} *" in line] == [["-->", *SPARK.split(), "*", "yes", "yes"]]
    assert "    yes  server: egress rule 3 of policy mage/mage-server" in lines


def test_what_is_there_and_what_would_be_installed_are_judged_together(as_json, values, there):
    code, found = as_json("--values", values, there)
    closed = cell(found, "server", SPARK)
    assert (code, closed["allowed"]) == (4, False)
    assert closed["policies"] == ["mage/mage-server", "ilum/closed"]
    assert closed["rules"] == ["egress rule 3 of policy mage/mage-server"]
    assert closed["notes"][0]["code"] == "drop-or-reject"
    assert [(one["metadata"]["namespace"], one["spec"]["policyTypes"]) for one in closed["patch"]] == [
        ("ilum", ["Ingress"])
    ]
    assert closed["patch"][0] in found["missing"]


def test_the_patch_is_applied_beside_and_opens_the_way(as_json, policies, values, there, tmp_path):
    patch = tmp_path / "allow.yaml"
    assert policies("--values", values, there, "--patch", str(patch))[0] == 4
    before = patch.read_text()
    code, _, err = policies("--values", values, there, str(patch), "--patch", str(patch))
    assert (code, err) == (0, f"Nothing was written to {patch}: there is no NetworkPolicy to add\n")
    assert patch.read_text() == before
    code, found = as_json("--values", values, there, str(patch))
    assert (code, found["missing"]) == (0, [])
    assert cell(found, "test", SPARK)["allowed"] is True


def test_a_patch_that_cannot_be_written_is_a_sentence_and_what_was_there_stays(policies, values, there, tmp_path):
    (tmp_path / "file").touch()
    code, _, err = policies("--values", values, there, "--patch", str(tmp_path / "file" / "allow.yaml"))
    assert code == 2
    assert "allow.yaml cannot be written." in err
    assert "Try: another --patch" in err


def test_plan_says_it_too_and_says_nothing_of_it_unless_asked(capsys, values, there):
    assert run(["plan", "--spark", "4.1.1", "--values", values, "--manifests", there, "-o", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert cell(found["policies"], "server", SPARK)["allowed"] is False
    assert run(["plan", "--spark", "4.1.1", "--values", values]) == 0
    assert f"--> {SPARK} *" in capsys.readouterr().out
    assert run(["plan", "--spark", "4.1.1"]) == 0
    assert "policies let" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--release", "mage"], "--release has no meaning for what is not rendered."),
        (["--manifests", "{there}", "--release", "mage"], "--release has no meaning for what is not rendered."),
        (["--mage-namespace", "mage"], "--mage-namespace has no meaning for an image alone."),
    ],
)
def test_plan_refuses_what_is_about_policies_where_none_are_asked_for(capsys, monkeypatch, there, arguments, sentence):
    assert run(["plan", "--spark", "4.1.1", *(word.format(there=there) for word in arguments)]) == 2
    assert sentence in capsys.readouterr().err
    monkeypatch.setenv("DEPLOYKIT_RELEASE", "mage")
    monkeypatch.setenv("DEPLOYKIT_MAGE_NAMESPACE", "mage")
    assert run(["plan", "--spark", "4.1.1"]) == 0


def test_the_values_of_deploykit_toml_are_those_that_sync_writes_and_no_chart_to_judge(capsys, values, there):
    Path("deploykit.toml").write_text('values = "absent.yaml"\n')
    assert run(["plan", "--spark", "4.1.1"]) == 0
    assert "policies let" not in capsys.readouterr().out
    assert run(["policies", there]) == 2
    assert "Nothing here is of Mage" in capsys.readouterr().err


def test_the_variable_names_the_charts_values(policies, values, monkeypatch):
    monkeypatch.setenv("DEPLOYKIT_CHART_VALUES", values)
    assert policies() == policies("--values", values)


def test_manifests_come_in_by_standard_input_too(policies, values, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO(DENY))
    code, out, _ = policies("--values", values, "-")
    assert code == 4
    reason = "ilum/closed: None of their rules allows TCP 15002 from pod mage/deployment/mage."
    assert f"    no   server: {reason}\n" in out


@pytest.mark.parametrize(
    ("question", "code", "sentence"),
    [
        (
            ["server", HOST, "15002"],
            0,
            "Policies let pod mage/deployment/mage",
        ),
        (["server", "spark", None], 0, "Egress of pod mage/deployment/mage is allowed by egress rule 3"),
        (["deployment/mage", "192.0.2.1", "443"], 4, "Policies deny pod mage/deployment/mage TCP port 443 of address"),
        (["192.0.2.1", "server", "6789"], 4, "Ingress of pod mage/deployment/mage is denied: policy mage/mage-server"),
        (["test", "mage.mage.svc", "6789"], 4, "Policies deny pod mage/mage-test TCP port 6789 of Service mage/mage"),
    ],
)
def test_one_question_is_answered_with_its_reason(policies, values, question, code, sentence):
    source, target, port = question
    found = policies("--values", values, "--from", source, "--to", target, *(("--port", port) if port else ()))
    assert found[0] == code
    assert sentence in found[1]


@pytest.mark.parametrize("target", [("spark",), (HOST, "--port", "15002")])
def test_a_question_about_a_row_of_the_table_is_asked_by_its_own_protocol(policies, values, target):
    code, out, _ = policies("--values", values, "--from", "server", "--to", *target, "--protocol", "UDP")
    assert code == 4
    assert "but at TCP 15002; the connection is UDP 15002." in out


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("deployment/mage", "cronjob/nightly", ()),
        ("ilum/deployment/mage", "job/nightly", ("ilum",)),
        ("data/mage", "ilum/connect.driver", ("data", "ilum")),
        ("server", "spark.ilum", ("ilum",)),
        ("192.0.2.1", "spark", ("mage",)),
    ],
)
def test_a_question_names_the_namespaces_to_read_and_a_workloads_kind_is_none(source, target, expected):
    assert namespaces(source, target, home="mage") == expected


def test_the_answer_to_one_question_ends_with_what_to_apply(policies, as_json, values):
    question = ("--values", values, "--from", "server", "--to", "203.0.113.9", "--port", "9000")
    _, out, _ = policies(*question)
    [item] = yaml.safe_load_all(out.partition("isolates nobody:\n")[2])
    assert item["spec"]["egress"][0]["to"] == [{"ipBlock": {"cidr": "203.0.113.9/32"}}]
    code, found = as_json(*question)
    assert (code, found["allowed"], found["patch"]) == (4, False, [item])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Whose policies?"),
        (["--live", "--from", "server"], "--from and --to make one question"),
        (["nowhere"], "There is no nowhere."),
        (["{there}"], "Nothing here is of Mage in namespace mage."),
        (["--values", "{values}", "--from", "sever", "--to", "spark"], "--from sever is no kind of Mage's pods here"),
        (
            ["--values", "{values}", "--from", "server", "--to", "mag.mage", "--port", "1"],
            "--to mag.mage is no",
        ),
        (["--values", "{values}", "--from", "server", "--to", "mage.mage"], "--to mage.mage needs a port."),
        (["--values", "{there}/ilum/deny.yaml"], "helm refuses the values"),
        (["{there}", "--release", "mage"], "--release has no meaning for what is not rendered."),
        (["{there}", "--context", "here"], "--context has no meaning for manifests and values."),
        (["{there}", "--timeout", "9"], "--timeout has no meaning for manifests and values."),
        (["{there}", "--port", "15002"], "--port has no meaning for the whole table."),
        (["{there}", "--protocol", "UDP"], "--protocol has no meaning for the whole table."),
    ],
)
def test_what_cannot_be_asked_is_wrong_usage_in_a_sentence(policies, values, there, arguments, sentence):
    code, out, err = policies(*(word.format(values=values, there=there) for word in arguments))
    assert (code, out) == (2, "")
    assert sentence in err


def test_what_is_probably_not_meant_is_a_warning(policies, values, tmp_path):
    or_ = DENY.replace("policyTypes: [Ingress]", "ingress: [{from: [{namespaceSelector: {}}, {podSelector: {}}]}]")
    mine = tmp_path / "mine.yaml"
    mine.write_text(or_.replace("namespace: ilum", "namespace: mage"))
    _, out, _ = policies("--values", values, str(mine))
    assert "Warning: policy-and-or: ingress rule 1 of policy mage/closed: `from` has two peers side by side" in out


def test_an_address_that_a_secret_hides_can_be_named(as_json, values, tmp_path):
    hidden = tmp_path / "hidden.yaml"
    hidden.write_text(VALUES.replace("{server: {", "{server: {existingSecret: spark, "))
    _, found = as_json("--values", str(hidden))
    assert found["unjudged"] == ["Spark: its address is in a Secret, or in no pod's environment."]
    code, found = as_json("--values", str(hidden), "--server", f"sc://{HOST}")
    assert (code, found["unjudged"], cell(found, "server", SPARK)["allowed"]) == (0, [], True)
    code, found = as_json("--values", str(hidden), "--server", f"sc://{HOST}", "--from", "server", "--to", "spark")
    assert (code, found["allowed"]) == (0, True)


@pytest.fixture
def cluster(monkeypatch, tmp_path):
    """A cluster with Spark's driver, isolated, and nothing of Mage yet."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    objects = (SPARK_POD, service("ilum", "spark-connect-server", DRIVER), policy("ilum", "closed", DRIVER, ingress=[]))
    with serving(listing(*objects)) as port:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config", f"http://127.0.0.1:{port}")))
        yield


@pytest.mark.usefixtures("cluster")
def test_what_a_cluster_has_and_what_would_be_installed_are_judged_together(as_json, policies, values):
    code, found = as_json("--values", values, "--live")
    assert code == 4
    [spark] = [one for one in found["destinations"] if one["name"] == SPARK]
    assert (spark["assumed"], spark["port"]) == (False, 15002)
    assert cell(found, "server", SPARK)["policies"] == ["mage/mage-server", "ilum/closed"]
    code, out, _ = policies("--values", values, "--live", "--from", "test", "--to", HOST, "--port", "15002")
    assert code == 4
    assert "Ingress of pod ilum/connect-driver is denied: policy ilum/closed isolates it" in out
    backwards = ("--from", "ilum/connect-driver", "--to", "mage.mage", "--port", "80")
    code, out, _ = policies("--values", values, "--live", *backwards)
    assert "Service mage/mage has no TCP port 80; its ports: TCP 6789." in out


def test_plan_mixes_in_the_cluster_that_it_asks_for_the_version(capsys, monkeypatch, tmp_path, values):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    pods = [{**pod, "kind": "Pod", "metadata": {**pod["metadata"], "namespace": "ilum"}} for pod in PODS["items"]]
    there = (service("ilum", "spark-connect-server", ROLE), policy("ilum", "closed", ROLE, ingress=[]))
    with serving(listing(*pods, *there)) as port:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config", f"http://127.0.0.1:{port}")))
        assert run(["plan", "--namespace", "ilum", "--values", values]) == 0
    out = capsys.readouterr().out
    assert "server       Spark 3.5.7" in out
    assert "    no   server: ilum/closed: " in out
