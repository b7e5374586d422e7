"""What the scripts of docs/pipelines ask other programs to do."""

import pytest
import yaml
from tests.image.pipelines.steps import PIPELINES, argo

SECRETS = {("mage-git", "token"): "", ("mage-spark", "token"): ""}


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
