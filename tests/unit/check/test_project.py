"""Projects that do not fit their image, and images that are not what they say."""

import json
import platform
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from deploykit import assets
from deploykit.check.image import running
from deploykit.check.image.running import RunningImage
from deploykit.check.project import facts
from deploykit.check.project.checks import Project, parse_constraints, read, steps
from deploykit.errors import UsageError

CONSTRAINTS = "pyspark==4.1.1\ngrpcio==1.74.0\npandas==2.3.3\n"
MAGE_INIT = "spark_config:\n  app_name: my spark app\n  spark_master: local\n  use_custom_session: false\n"
OURS = (assets.image() / "project" / "metadata.yaml").read_text()


def codes(found: Project) -> list[str]:
    return [step.code for step in steps(found, where="here")]


def fits(**given: object) -> Project:
    return replace(
        Project(path="/p", metadata=OURS, python="3.10.14", held=parse_constraints(CONSTRAINTS), local_spark=True),
        **given,
    )


@pytest.mark.parametrize(
    "line",
    ["pyspark==3.5.0", "PySpark[connect]>=4.2", "grpcio>=1.76  # newer", "pandas<2 --hash=sha256:0", "pandas @ https://x/p.whl",
     "pandas \\\n  <2", 'pandas<2; python_version >= "3.10" and sys_platform == "linux"'],
)  # fmt: skip
def test_a_requirement_that_contradicts_the_image_is_told(line: str) -> None:
    [step] = steps(fits(requirements=f"requests\n{line}\n"), where="server")
    assert (step.code, step.exit_code, step.where) == ("pins-moved", 3, "server")
    assert "installs none of it" in step.why


@pytest.mark.parametrize(
    "text", ["", "requests==2.31", "pandas", "pyspark==4.1.*", "-r more.txt\n# pandas<2", "not a requirement",
             'pandas<2; python_version < "3.10"', 'grpcio>=1.76; sys_platform == "win32"']
)  # fmt: skip
def test_a_requirement_that_the_image_fulfils_is_fine(text: str) -> None:
    assert codes(fits(requirements=text)) == ["project-fine"]


def test_without_a_constraint_the_client_would_move() -> None:
    [step] = steps(fits(requirements="pyspark==3.5.0", constrained=False), where="here")
    assert "move the client away" in step.why


@pytest.mark.parametrize(
    ("metadata", "local_spark", "remote", "expected"),
    [  # the table of measurements: Mage 0.9.80, with Java and jars or without, with SPARK_REMOTE or without
        (MAGE_INIT, True, False, ["local-jvm"]),
        (MAGE_INIT, False, False, ["project-fine"]),
        (MAGE_INIT, True, True, ["project-fine"]),
        (MAGE_INIT.replace("false", "true"), True, False, ["project-fine"]),
        (MAGE_INIT.replace("false", "true"), True, True, ["project-fine"]),
        ("project_type: standalone\n", True, True, ["project-fine"]),
        ("spark_config:\n  app_name: x\n", True, True, ["session-for-every-block"]),
        ("spark_config:\n  app_name: x\n", False, True, ["session-for-every-block"]),
        ("name: {{ env_var('X') }}\n" + MAGE_INIT, True, False, ["local-jvm"]),
        ("since: 2024-02-30\n" + MAGE_INIT, True, False, ["project-fine"]),  # no YAML, and Mage's to say
        (OURS, True, True, ["project-fine"]),
    ],
)
def test_sessions_that_mage_would_open_are_told(
    metadata: str, local_spark: bool, remote: bool, expected: list[str]
) -> None:
    assert codes(fits(metadata=metadata, local_spark=local_spark, spark_remote=remote)) == expected


def test_a_folder_is_held_against_the_locks_that_deploykit_has(tmp_path: Path) -> None:
    (tmp_path / "metadata.yaml").write_text(OURS)
    (tmp_path / "requirements.txt").write_text("grpcio==1.50\npyspark==3.4.4\nrequests\n")
    moved, unjudged = steps(read(tmp_path), where="here")
    assert moved.sentence.startswith("requirements.txt asks for grpcio==1.50,")
    assert (unjudged.code, unjudged.outcome, unjudged.exit_code) == ("pins-unjudged", "warned", 0)
    assert "not judged for pyspark==3.4.4:" in unjudged.sentence
    assert codes(read(tmp_path, spark="4.1.1")) == ["pins-moved", "pins-moved"]


def test_a_line_that_deploykit_has_not_locked_is_not_judged(tmp_path: Path) -> None:
    (tmp_path / "metadata.yaml").write_text(OURS)
    (tmp_path / "requirements.txt").write_text("grpcio==1.50\npyspark==3.4.4\nrequests\n")
    [step] = steps(read(tmp_path, spark="3.4.4"), where="here")
    assert (step.code, "not judged for grpcio==1.50:" in step.sentence) == ("pins-unjudged", True)


def test_a_folder_whose_image_is_not_known_is_warned_of_a_local_spark(tmp_path: Path) -> None:
    (tmp_path / "metadata.yaml").write_text(MAGE_INIT)
    [step] = steps(read(tmp_path), where="here")
    assert (step.code, step.outcome, step.exit_code) == ("local-jvm", "warned", 0)


def test_a_folder_without_a_project_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no Mage project"):
        read(tmp_path)


def test_the_project_of_the_image_fits() -> None:
    assert [step.outcome for step in steps(read(assets.image() / "project"), where="here")] == ["ok"]


def test_the_facts_are_gathered_by_a_plain_python(tmp_path: Path) -> None:
    (tmp_path / "metadata.yaml").write_text(OURS)
    text = Path(facts.__file__).read_text()
    done = subprocess.run([sys.executable, "-I", "-c", text, str(tmp_path)], capture_output=True, check=True)
    assert json.loads(done.stdout) == {"project": str(tmp_path), "metadata": OURS, "requirements": None}
    done = subprocess.run([sys.executable, "-I", "-c", text], capture_output=True, check=True)
    assert 0 < json.loads(done.stdout)["started"] < 1e11
    assert json.loads(done.stdout)["python"] == platform.python_version()


def test_the_pyspark_that_counts_is_the_one_that_mage_would_import(tmp_path: Path) -> None:
    """On a path that an isolated Python leaves out, as it does the packages of a user."""
    (tmp_path / "pyspark").mkdir()
    (tmp_path / "pyspark" / "__init__.py").touch()
    (tmp_path / "pyspark" / "version.py").write_text("__version__ = '3.5.0'")
    (tmp_path / "spark" / "jars").mkdir(parents=True)
    (tmp_path / "spark" / "jars" / "spark-core_2.12-3.5.0.jar").touch()
    text = Path(facts.__file__).read_text()
    environment = {"PYTHONPATH": str(tmp_path), "SPARK_HOME": str(tmp_path / "spark")}
    done = subprocess.run([sys.executable, "-I", "-c", text], env=environment, capture_output=True, check=True)
    found = json.loads(done.stdout)
    assert (found["pyspark"], found["jars"]) == ("3.5.0", True)


FINE = RunningImage(
    pod="mage-1", namespace="mage", workload="deployment/mage", reference="r/mage:0.9.80-spark4.1.1-slim-1",
    wanted="r/mage:0.9.80-spark4.1.1-slim-1", digest="sha256:1", tag_digest="sha256:1", label="4.1.1", locked="4.1.1",
    pyspark="4.1.1+nojars", pyspark_changed=1_000.0, started=2_000.0,
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, "image-fine"),
        ({"label": "", "locked": "", "digest": "", "tag_digest": "", "wanted": ""}, "image-fine"),
        ({"reference": "mage:latest", "wanted": "mage:latest"}, "tag-latest"),
        ({"reference": "mage:stable", "wanted": "mage:stable"}, "tag-latest"),
        ({"reference": "r:5000/mage", "wanted": "r:5000/mage"}, "tag-latest"),
        ({"label": "4.2.0"}, "image-differs"),
        ({"pyspark": "3.5.0"}, "image-differs"),
        ({"wanted": "r/mage:0.9.80-spark4.2.0-slim-2"}, "started-before-upgrade"),
        ({"tag_digest": "sha256:2"}, "started-before-upgrade"),
        ({"pyspark": "", "pyspark_changed": 0.0}, "image-without-pyspark"),
        ({"pyspark_changed": 2_030.0}, "image-fine"),
        ({"pyspark_changed": 9_000.0}, "client-changed-under-mage"),
    ],
)
def test_an_image_is_what_it_says(change: dict[str, str | float], code: str) -> None:
    found = running.steps(replace(FINE, **change), where="server")
    assert [step.code for step in found] == [code]
    assert "{" not in found[0].sentence + found[0].why + found[0].fix
