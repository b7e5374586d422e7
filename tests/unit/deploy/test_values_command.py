"""`deploykit values` without a cluster."""

import json
import os
from pathlib import Path

import pytest
import yaml

from deploykit.cli.main import run
from deploykit.deploy import chart, umbrella
from deploykit.deploy.values import SIGNATURE

IMAGE = "registry.example/mage:0.9.80-spark4.1.1-connect-01234567"
SERVER = "sc://spark-connect-server.ilum.svc.cluster.local:15002"


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """No deploykit.toml, and nothing of the machine's environment."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("DEPLOYKIT_")]:
        monkeypatch.delenv(name)


def test_values_go_to_stdout_as_yaml(capsys):
    assert run(["values", "--image", IMAGE, "--server", SERVER]) == 0
    out = capsys.readouterr().out
    assert out.startswith(SIGNATURE)
    assert yaml.safe_load(out)["ilum"]["server"]["namespace"] == "ilum"


def test_values_as_json_are_the_same_values(capsys):
    run(["values", "--image", IMAGE, "--server", SERVER])
    text = capsys.readouterr().out
    run(["values", "--image", IMAGE, "--server", SERVER, "-o", "json"])
    assert json.loads(capsys.readouterr().out) == yaml.safe_load(text)


def test_values_for_ilums_chart_are_asked_for_by_name(capsys):
    assert run(["values", "--image", IMAGE, "--server", SERVER, "--for", "ilum", "--core"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(umbrella.SIGNATURE)
    assert yaml.safe_load(out)["mageai"]["config"] == {
        "ILUM_SPARK_CONNECT_URL": SERVER,
        "ILUM_API_URL": "http://ilum-core.ilum.svc:9888/api/v1",
    }


def test_ilums_own_namespace_is_written_and_is_that_of_its_services(capsys):
    options = ["--image", IMAGE, "--server", SERVER, "--ilum-namespace", "lake", "--sql"]
    assert run(["values", *options]) == 0
    ilum = yaml.safe_load(capsys.readouterr().out)["ilum"]
    assert (ilum["namespace"], ilum["sql"]) == ("lake", {"enabled": True})
    assert run(["values", *options, "--for", "ilum"]) == 0
    config = yaml.safe_load(capsys.readouterr().out)["mageai"]["config"]
    assert config["ILUM_SQL_URL"] == "hive://ilum-sql-thrift-binary.lake.svc:10009/default"


@pytest.mark.usefixtures("needs_helm")
def test_what_it_writes_for_beside_ilums_module_is_what_the_chart_takes(capsys):
    assert run(["values", "--image", IMAGE, "--server", SERVER, "--module"]) == 0
    policies = chart.network_policies(capsys.readouterr().out, namespace="ilum")
    [server] = [item for item in yaml.safe_load_all(policies) if item["metadata"]["name"] == "mage-server"]
    assert [{"protocol": "TCP", "port": 5432}] in [rule["ports"] for rule in server["spec"]["egress"]]


def test_a_file_for_one_chart_is_not_overwritten_with_values_for_the_other(capsys):
    arguments = ["values", "--image", IMAGE, "--server", SERVER, "--file", "values.yaml"]
    assert run(arguments) == 0
    before = Path("values.yaml").read_text()
    assert run([*arguments, "--for", "ilum"]) == 2
    assert "is for another chart" in capsys.readouterr().err
    assert Path("values.yaml").read_text() == before
    assert run([*arguments, "--for", "ilum", "--force"]) == 0
    assert run([*arguments, "--for", "ilum"]) == 0, "what it wrote, it writes again"


def test_the_environment_answers_as_the_options_do(capsys, monkeypatch):
    arguments = ["--image", IMAGE, "--server", SERVER, "--executor", "--api-server", "192.0.2.1:6443"]
    assert run(["values", *arguments]) == 0
    by_options = capsys.readouterr().out
    monkeypatch.setenv("DEPLOYKIT_IMAGE", IMAGE)
    monkeypatch.setenv("DEPLOYKIT_SERVER", SERVER)
    monkeypatch.setenv("DEPLOYKIT_EXECUTOR", "1")
    monkeypatch.setenv("DEPLOYKIT_API_SERVER", "192.0.2.1:6443")
    assert run(["values"]) == 0
    assert capsys.readouterr().out == by_options


def test_the_file_of_the_folder_answers_as_the_options_do(capsys):
    arguments = ["--image", IMAGE, "--server", SERVER, "--executor", "--api-server", "192.0.2.1:6443"]
    assert run(["values", *arguments, "--driver-label", "team=risk"]) == 0
    by_options = capsys.readouterr().out
    Path("deploykit.toml").write_text(
        f'image = "{IMAGE}"\nserver = "{SERVER}"\nexecutor = true\n'
        'api-server = ["192.0.2.1:6443"]\ndriver-label = ["team=risk"]\n'
    )
    assert run(["values"]) == 0
    assert capsys.readouterr().out == by_options
    assert "team: risk" in by_options


def test_a_file_that_deploykit_wrote_is_written_again(capsys):
    for port in (15002, 15003):
        assert run(["values", "--image", IMAGE, "--server", f"sc://a.b.svc:{port}", "--file", "values.yaml"]) == 0
        assert yaml.safe_load(Path("values.yaml").read_text())["ilum"]["server"]["port"] == port
    assert capsys.readouterr().out == ""
    assert [path.name for path in Path().iterdir()] == ["values.yaml"], "nothing half-written is left"


def test_a_file_of_somebody_else_is_left_alone_unless_forced(capsys):
    mine = Path("values.yaml")
    mine.write_text("mageai: {}\n")
    arguments = ["values", "--image", IMAGE, "--server", SERVER, "--file", "values.yaml"]
    assert run(arguments) == 2
    assert "not written by deploykit" in capsys.readouterr().err
    assert mine.read_text() == "mageai: {}\n"
    assert run([*arguments, "--force"]) == 0
    assert mine.read_text().startswith(SIGNATURE)


@pytest.mark.parametrize("change", [("15002", "15003"), ("mageai:", "# my own note\nmageai:")])
def test_what_a_person_put_into_a_written_file_is_not_lost(capsys, change):
    arguments = ["values", "--image", IMAGE, "--server", SERVER, "--file", "values.yaml"]
    assert run(arguments) == 0
    edited = Path("values.yaml").read_text().replace(*change)
    Path("values.yaml").write_text(edited)
    assert run(arguments) == 2
    assert "was changed since deploykit wrote it" in capsys.readouterr().err
    assert Path("values.yaml").read_text() == edited
    assert run([*arguments, "--force"]) == 0
    assert Path("values.yaml").read_text() != edited


def test_a_file_that_cannot_be_written_is_a_sentence(capsys):
    Path("taken").write_text("")
    assert run(["values", "--image", IMAGE, "--server", SERVER, "--file", "taken/values.yaml"]) == 2
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--image", IMAGE], "Nothing says where Spark runs"),
        (["--image", "mage:latest", "--server", SERVER], "which image exactly"),
        (["--image", IMAGE, "--server", "http://a.b"], "does not start with sc://"),
        (["--image", IMAGE, "--server", "sc://spark.example.com"], "in which namespace"),
        (["--image", IMAGE, "--server", "sc://spark.corp"], "in which namespace"),
        (["--image", f"sha256:{'0a' * 32}", "--server", SERVER], "not pushed yet"),
        (["--image", "1a6fcaa6af4d", "--server", SERVER], "short id"),
        (["--image", IMAGE, "--server", SERVER, "--executor"], "address of the Kubernetes API server"),
        (["--image", IMAGE, "--server", SERVER, "--driver-label", "team"], "KEY=VALUE"),
        (["--server", SERVER], "--image"),
        (["--image", IMAGE, "--server", SERVER, "--for", "ilum", "--executor"], "for our chart alone"),
        (["--image", IMAGE, "--server", SERVER, "--module", "--executor"], "--module and --executor exclude"),
        (["--image", IMAGE, "--server", SERVER, "--module", "--for", "ilum"], "--module and --for ilum exclude"),
        (["--image", f"mage@sha256:{'0a' * 32}", "--server", SERVER, "--for", "ilum"], "needs the image's tag"),
    ],
)
def test_what_cannot_work_is_refused_with_a_sentence(arguments, sentence, capsys):
    assert run(["values", *arguments]) == 2
    assert sentence in capsys.readouterr().err


def test_a_token_is_refused_and_never_repeated(capsys):
    assert run(["values", "--image", IMAGE, "--server", "sc://a.b:15002/;token=Geheim1"]) == 2
    said = capsys.readouterr()
    assert "existingSecret" in said.err
    assert "Geheim1" not in said.out + said.err
