"""A limit in seconds is a number that can be waited for."""

import click
import pytest
from tests.unit.image.plans import make, request
from tests.unit.kubernetes.api_server import kubeconfig
from tests.unit.mage_ilum.servers import silent

from deploykit.cli import COMMANDS
from deploykit.cli.main import group, run
from deploykit.cli.output import Lines
from deploykit.errors import UnreachableError
from deploykit.image.append import verify_in
from deploykit.render import render

pytestmark = pytest.mark.usefixtures("isolated")

SYNC = ("sync", "--spark", "4.1.1", "--repository", "registry.example/mage", "--values", "v.yaml")


@pytest.mark.parametrize("seconds", ["nan", "inf", "1e300", "-1", "soon"])
@pytest.mark.parametrize(
    ("command", "option"),
    [
        (SYNC, "--max-wait"),
        (SYNC, "--timeout"),
        (("verify", "registry.example/mage:1"), "--timeout"),
        (("detect", "sc://127.0.0.1:1"), "--timeout"),
        (("check", "sc://127.0.0.1:1"), "--timeout"),
        (("open",), "--timeout"),
        (("policies", "--live"), "--timeout"),
        (("values", "--image", "x"), "--timeout"),
    ],
)
def test_what_is_no_limit_is_refused(command, option, seconds, capsys):
    assert run([*command, option, seconds]) == 2
    assert option in capsys.readouterr().err


@pytest.fixture
def silent_cluster(tmp_path, monkeypatch):
    """A cluster that says nothing."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with silent() as port:
        path = kubeconfig(tmp_path / "config", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("KUBECONFIG", str(path))
        yield


@pytest.mark.usefixtures("silent_cluster")
@pytest.mark.parametrize("variable", [False, True], ids=["option", "variable"])
@pytest.mark.parametrize(
    "command",
    [
        ("policies", "--live"),
        ("values", "--image", "registry.example/mage:1", "--namespace", "ilum"),
        ("check", "--from", "mage"),
        ("open",),
    ],
)
def test_a_cluster_is_waited_for_as_long_as_was_said(command, variable, monkeypatch, capsys):
    if variable:
        monkeypatch.setenv("DEPLOYKIT_TIMEOUT", "0.2")
    assert run([*command, *([] if variable else ["--timeout", "0.2"])]) == 4
    assert "within 0.2 s" in capsys.readouterr().err


def test_one_variable_is_the_limit_of_every_command_that_has_one():
    commands = [group.get_command(click.Context(group), name) for name in COMMANDS]
    limits = [option for command in commands for option in command.params if option.name == "timeout"]
    assert len(limits) == len(COMMANDS) - 1, "all but lock"
    assert {option.envvar for option in limits} == {"DEPLOYKIT_TIMEOUT"}


@pytest.mark.usefixtures("silent_cluster")
def test_what_is_rendered_and_tried_in_a_cluster_has_the_request_s_limit(tmp_path):
    asked = request(spark=None, namespace="ilum", timeout=0.2)
    with pytest.raises(UnreachableError) as raised:
        render(make(), asked, tmp_path / "rendered", wheels=False, progress=Lines())
    assert "within 0.2 s" in raised.value.why
    with pytest.raises(UnreachableError, match="could not be tried in namespace ci") as raised:
        verify_in.verify(make(timeout=0.2), "registry.example/mage", where="ci", progress=Lines())
    assert "within 0.2 s" in raised.value.why
