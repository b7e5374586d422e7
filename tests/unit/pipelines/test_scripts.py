"""What the scripts of docs/pipelines ask other programs to do."""

import base64
import json

import pytest
import yaml
from tests.image.pipelines.steps import PIPELINES, argo

DEPLOY, LOGIN = PIPELINES / "deploy.sh", PIPELINES / "registry-login.sh"
SECRETS = {("mage-git", "token"): "", ("mage-spark", "token"): ""}
REGISTRY = {"REGISTRY": "registry.example.com", "REGISTRY_USER": "ci"}


@pytest.mark.parametrize(("environment", "chosen"), [({}, "prod"), ({"ENVIRONMENT": "dev"}, "dev")])
def test_an_environment_is_deployed_with_its_own_values(machine, environment, chosen):
    values = machine.folder / "work" / "environments" / chosen / "values.yaml"
    values.parent.mkdir(parents=True)
    values.write_text("mageai: {}\n")
    machine.program("helm", 'case "$1" in status) echo "Phase:          Succeeded" ;; esac')
    done = machine.bash(str(DEPLOY), **environment)
    assert done.returncode == 0, done.stderr
    [upgrade] = [call for call in machine.calls if "upgrade" in call]
    assert f"--values environments/{chosen}/values.yaml " in upgrade


@pytest.mark.parametrize(
    ("environment", "where"),
    [
        ({}, ".docker"),
        ({"DOCKER_CONFIG": "/logins"}, "/logins"),
        ({"HELM_REGISTRY_CONFIG": "/own/config.json"}, "/own"),
    ],
)
def test_helm_takes_the_charts_login_from_where_docker_has_it(machine, environment, where):
    (machine.folder / "work" / "environments" / "prod").mkdir(parents=True)
    (machine.folder / "work" / "environments" / "prod" / "values.yaml").touch()
    machine.program(
        "helm", f'echo "$HELM_REGISTRY_CONFIG" >>{machine.folder}/asked; [ "$1" != status ] || echo "Phase: Succeeded"'
    )
    assert machine.bash(str(DEPLOY), **environment).returncode == 0
    asked = (machine.folder / "asked").read_text(encoding="utf-8").split()
    assert set(asked) == {str(machine.folder / where / "config.json")}


def test_a_login_is_written_as_docker_writes_it_for_nobody_else_to_read(machine):
    password = "p" * 200  # longer than a line of base64
    done = machine.bash(str(LOGIN), **REGISTRY, REGISTRY_PASSWORD=password, DOCKER_CONFIG=f"{machine.folder}/docker")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    file = machine.folder / "docker" / "config.json"
    auth = base64.b64encode(f"ci:{password}".encode()).decode()
    assert json.loads(file.read_text(encoding="utf-8")) == {"auths": {"registry.example.com": {"auth": auth}}}
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_without_a_password_there_is_no_login_and_a_word_about_it(machine):
    done = machine.bash(str(LOGIN), **REGISTRY, DOCKER_CONFIG=f"{machine.folder}/docker")
    assert done.returncode == 0
    assert "REGISTRY_PASSWORD is empty" in done.stderr
    assert not (machine.folder / "docker").exists()


@pytest.fixture
def argos(machine):
    """Run Argo's script beside an engine that answers at that try."""

    def run(answers: int):
        machine.program("pip")
        machine.program("sleep")
        machine.program("python", f'[ "$(grep -c "^python" {machine.folder}/calls)" -ge {answers} ]')
        clones = "mkdir clone && printf '#!/bin/sh\\necho synced' >clone/sync-and-push.sh"
        machine.program("git", f"{clones} && chmod +x clone/sync-and-push.sh")
        [step] = argo(SECRETS)
        return machine.bash(step.script, **step.environment)

    return run


def test_argo_waits_for_its_engine_before_it_syncs(machine, argos):
    done = argos(answers=3)
    assert (done.returncode, done.stdout) == (0, "synced\n"), done.stderr
    called = [call.split()[0] for call in machine.calls]
    assert called == ["python", "sleep", "python", "sleep", "python", "git"]


def test_argo_does_not_sync_without_its_engine(machine, argos):
    done = argos(answers=1000)
    assert done.returncode == 6
    assert "No engine answers at tcp://127.0.0.1:2375" in done.stderr
    assert not [call for call in machine.calls if call.startswith("git")]


def test_the_engine_of_argo_listens_where_the_script_asks_and_nowhere_else():
    found = list(yaml.safe_load_all((PIPELINES / "argo-workflows.yaml").read_text(encoding="utf-8")))
    [template] = [item["spec"]["templates"][0] for item in found if item["kind"] == "WorkflowTemplate"]
    [engine] = template["sidecars"]
    [asked] = [item["value"] for item in template["script"]["env"] if item["name"] == "DOCKER_HOST"]
    # The image's entrypoint adds listeners of its own to arguments that do not begin with the program.
    assert engine["command"] == ["dockerd-entrypoint.sh"]
    assert engine["args"][0] == "dockerd"
    assert [word for word in engine["args"] if "--host" in word] == [f"--host={asked}"]
