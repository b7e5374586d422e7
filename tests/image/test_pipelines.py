"""The pipelines of docs/pipelines, their scripts run: a Git server that wants a login, a real registry, a real Spark.

The image that fits is in the registry; building it is another test's subject.
"""

import base64
import fcntl
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from tests.image.pipelines.git_server import serving
from tests.image.pipelines.project import Project
from tests.image.pipelines.steps import PIPELINES, Step, argo, github, github_outputs, gitlab

PUSH_SECRET = "push-4a1f9e"
REGISTRY_SECRET = "registry-8c2b7d"
SECRETS = {("mage-git", "token"): PUSH_SECRET, ("mage-spark", "token"): ""}
SPARK = "4.1.1"


@pytest.fixture(scope="module")
def settings(request: pytest.FixtureRequest, base_image: str, spark_server: Callable[[str], str]) -> str:
    """The deploykit.toml of the docs, with this machine's registry, base and Spark."""
    named = os.environ.get("DEPLOYKIT_TEST_IMAGE") or request.getfixturevalue("connect").exact
    text = (PIPELINES / "deploykit.toml").read_text(encoding="utf-8")
    for theirs, here in {
        "registry.example.com/team/mage-ilum": named.partition("@")[0].rpartition(":")[0],
        "registry.example.com/mageai/mageai:0.9.80": base_image,
        "sc://spark-connect.dev.example.com:15002": spark_server(SPARK),
        "sc://spark-connect.example.com:15002": spark_server(SPARK),
    }.items():
        assert theirs in text
        text = text.replace(theirs, here)
    return text


@pytest.fixture
def project(settings: str, tmp_path: Path) -> Iterator[Project]:
    """A repository with the files of the docs."""
    with serving(tmp_path / "git", password=PUSH_SECRET) as url:
        yield Project.begin(tmp_path, url, {"deploykit.toml": settings})


@dataclass(frozen=True)
class Ran:
    """What a pipeline left behind."""

    code: int
    said: str
    outputs: str
    summary: str


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def run_github(project: Project, registry: str, *, nightly: bool = False) -> Ran:
    clone, temp = project.clone("clone"), project.folder / "temp"
    temp.mkdir(exist_ok=True)
    expressions = {
        "runner.temp": str(temp),
        "vars.DEPLOYKIT_WHEEL": "",  # the checkout's own is run
        "vars.REGISTRY": registry,
        "vars.REGISTRY_USER": "ci",
        "secrets.REGISTRY_PASSWORD": REGISTRY_SECRET,
        "secrets.SPARK_CONNECT_TOKEN": "",
        "github.event.repository.default_branch": "main",
        "github.token": PUSH_SECRET,
        "secrets.KUBECONFIG": "",
        "(inputs.full || github.event.schedule == '43 2 * * *') && 'yes' || ''": "yes" if nightly else "",
    }
    files = {name: temp / name.lower() for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for file in files.values():
        file.write_text("")
    code, said = project.play(github("sync", expressions), {key: str(file) for key, file in files.items()}, clone)
    assert temp.joinpath("docker", "config.json").exists()
    return Ran(code, said, text_of(files["GITHUB_OUTPUT"]), text_of(files["GITHUB_STEP_SUMMARY"]))


def run_gitlab(project: Project, registry: str, *, nightly: bool = False) -> Ran:
    clone = project.clone("clone")
    predefined = {
        "CI_DEFAULT_BRANCH": "main",
        "CI_PROJECT_DIR": str(clone),
        "CI_PROJECT_URL": f"{project.url}/mage",
        "REGISTRY": registry,
        "REGISTRY_USER": "ci",
        "REGISTRY_PASSWORD": REGISTRY_SECRET,
        "PUSH_TOKEN": PUSH_SECRET,
        **({"FULL": "yes"} if nightly else {}),
    }
    steps = gitlab("sync", predefined)
    seen = Step(f'{steps[0].script}\ncat "$DOCKER_CONFIG/config.json" >../login.json', steps[0].environment)
    code, said = project.play([seen, steps[1]], predefined, clone)
    login = base64.b64encode(f"ci:{REGISTRY_SECRET}".encode()).decode()
    assert json.loads(text_of(project.folder / "login.json")) == {"auths": {registry: {"auth": login}}}
    assert not list(project.folder.glob("*.docker")), "the login does not stay on the runner"
    return Ran(code, said, text_of(clone / "deploykit.env"), text_of(clone / "plan.md"))


def run_argo(project: Project, registry: str, *, nightly: bool = False) -> Ran:
    work = project.folder / "sync"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    engine = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")  # which is waited for
    changed = {"REPOSITORY": f"{project.url}/mage.git", "DOCKER_CONFIG": str(work), "DOCKER_HOST": engine}
    code, said = project.play(argo(SECRETS, changed, nightly=nightly), {}, work)
    return Ran(code, said, text_of(work / "deploykit.env"), "prod dev")


@pytest.mark.parametrize("run", [run_github, run_gitlab, run_argo], ids=["github", "gitlab", "argo-workflows"])
def test_a_pipeline_pushes_what_fits_and_the_nightly_run_looks_closer_and_pushes_nothing(
    project: Project, registry: str, run: Callable[..., Ran]
) -> None:
    first = run(project, registry)
    assert first.code == 0, first.said
    assert project.commits() == ["Mage follows Spark", "Begin"]
    image = yaml.safe_load(project.pushed("environments/prod/values.yaml"))["mageai"]["image"]
    assert "# Yours:" in project.pushed("environments/prod/values.yaml")
    assert yaml.safe_load(project.pushed("environments/dev/values.yaml"))["mageai"]["image"] == image
    assert image["digest"] in project.pushed("environments/prod/values.yaml.sync.json")
    outputs = dict(line.split("=", 1) for line in first.outputs.splitlines())
    assert outputs["prod_image"] == f"{image['repository']}:{image['tag']}@{image['digest']}"
    assert (outputs["prod_spark"], outputs["prod_changed"], outputs["changed"]) == (SPARK, "true", "true")
    assert github_outputs("sync") <= set(outputs)
    assert "prod" in first.summary

    second = run(project, registry, nightly=True)
    assert second.code == 0, second.said
    assert ("Looking closer" in first.said, second.said.count("Looking closer")) == (False, 2)
    assert project.commits() == ["Mage follows Spark", "Begin"]
    assert "changed=false" in second.outputs.splitlines()

    # The lines for dotenv and for later steps are in files that CI keeps; so are the logs and the history.
    history = project.git("log", "--all", "--patch", "--format=fuller")
    for text in (first.said, second.said, first.outputs, first.summary, history):
        for secret in (PUSH_SECRET, REGISTRY_SECRET):
            assert secret not in text
            assert base64.b64encode(f"ci:{secret}".encode()).decode() not in text


def login(project: Project, password: str = PUSH_SECRET) -> dict[str, str]:
    """What lets Git push, as in the pipelines."""
    environment = argo({**SECRETS, ("mage-git", "token"): password})[0].environment
    return {name: value for name, value in environment.items() if name.startswith(("GIT_", "PUSH_"))}


def test_a_push_that_comes_in_between_is_kept_and_ours_comes_after_it(project: Project) -> None:
    clone = project.clone("clone")
    folder = project.folder / "between"
    folder.mkdir()
    # Somebody pushes while the sync is under way; the sync itself is the real one.
    real = Path(sys.executable).parent / "deploykit"
    push = f"git -C {project.folder / 'own'} -c user.name=me -c user.email=me@localhost"
    (folder / "deploykit").write_text(
        f'#!/bin/sh\n{real} "$@" || exit $?\nmkdir {folder / "done"} 2>/dev/null || exit 0\n'
        f"{push} commit --quiet --allow-empty --message Theirs && {push} push --quiet origin HEAD:main\n"
    )
    (folder / "deploykit").chmod(0o755)
    path = f"{folder}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = project.bash("./sync-and-push.sh", {**login(project), "PATH": path}, clone)
    assert done.returncode == 0, done.stdout
    assert project.commits() == ["Mage follows Spark", "Theirs", "Begin"]


def test_values_anywhere_in_the_clone_reach_the_branch_that_is_checked_out(project: Project) -> None:
    head, _, rest = (project.folder / "own" / "deploykit.toml").read_text().partition("[environments.dev]\n")
    server = rest.partition("\n")[0]
    project.commit("deploykit.toml", f'{head}{server}\nvalues = "values.yaml"\n')
    project.git("push", "--quiet", "origin", "HEAD:master")
    clone = project.clone("clone")
    project.bash("git checkout --quiet master", {}, clone)
    done = project.bash("./sync-and-push.sh", login(project), clone)
    assert done.returncode == 0, done.stdout
    project.git("fetch", "--quiet")
    added = project.git("show", "--format=", "--name-only", "origin/master").split()
    assert added == ["values.yaml", "values.yaml.sync.json"]
    assert project.commits()[0] == "Change deploykit.toml"


def test_what_git_does_not_take_is_no_success(project: Project) -> None:
    project.commit(".gitignore", "environments/dev\n")
    done = project.bash("./sync-and-push.sh", login(project), project.clone("clone"))
    assert done.returncode == 6, done.stdout
    assert "what sync wrote cannot be added" in done.stdout
    assert project.commits() == ["Change .gitignore", "Begin"]


def test_a_push_that_is_turned_down_ends_with_6_and_is_not_tried_again(project: Project) -> None:
    hook = project.folder / "git" / "mage.git" / "hooks" / "pre-receive"
    tries = project.folder / "tries"
    hook.write_text(f"#!/bin/sh\necho try >>{tries}\nexit 1\n")
    hook.chmod(0o755)
    done = project.bash("./sync-and-push.sh", login(project), project.clone("clone"))
    assert done.returncode == 6
    assert "the push to main was turned down" in done.stdout
    assert tries.read_text() == "try\n"


def test_without_a_login_the_pipeline_ends_with_6_and_asks_nobody(project: Project) -> None:
    done = project.bash("./sync-and-push.sh", login(project, "wrong"), project.clone("clone"))
    assert done.returncode == 6
    assert "main cannot be fetched" in done.stdout
    assert "wrong" not in done.stdout


def test_what_one_environment_needs_is_pushed_although_another_fails(project: Project) -> None:
    text = (project.folder / "own" / "deploykit.toml").read_text()
    head, dev, rest = text.partition("[environments.dev]\nserver = ")
    project.commit("deploykit.toml", head + dev + '"sc://127.0.0.1:1"\n' + rest.partition("\n")[2])
    done = project.bash("./sync-and-push.sh", login(project), project.clone("clone"))
    assert done.returncode == 4, done.stdout
    assert project.commits()[0] == "Mage follows Spark"
    assert "digest" in project.pushed("environments/prod/values.yaml")


def test_cron_says_nothing_while_all_is_well_and_mails_what_failed(project: Project) -> None:
    machine = project.folder / "machine"
    machine.mkdir()
    shutil.copy(PIPELINES / "cron.sh", machine)
    project.clone("machine/clone")

    def cron(*options: str) -> tuple[int, str]:
        done = project.bash(" ".join(("./cron.sh", *options)), login(project), machine)
        return done.returncode, done.stdout

    assert cron() == (0, "")
    assert "Looking closer" not in (machine / "log").read_text()
    assert cron("--full") == (0, "")
    assert "Looking closer" in (machine / "log").read_text()
    assert project.commits() == ["Mage follows Spark", "Begin"]
    assert (machine / "log").read_text().count("exit 0") == 2

    project.commit("deploykit.toml", 'profil = "connect"\n' + project.pushed("deploykit.toml"))
    code, said = cron()
    assert code == 2
    assert "deploykit ended with 2." in said
    assert "profil" in said

    with (machine / "lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert cron() == (0, "")
    assert (machine / "log").read_text().count("== ") == 3, "it did not begin beside another"
    assert PUSH_SECRET not in (machine / "log").read_text()
