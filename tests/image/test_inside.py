"""The built image, from inside: what a project's requirements and an arbitrary user id can and cannot do."""

import json
import subprocess
from functools import partial

import pytest


@pytest.fixture(scope="module")
def container(docker, connect):
    """A container of the image without network, for commands that change nothing."""
    container = docker("run", "--detach", "--network", "none", connect.tagged, "sleep", "infinity").strip()
    yield container
    docker("rm", "--force", container)


@pytest.fixture
def inside(docker, container):
    """Run a command there; returns its stdout."""
    return partial(docker, "exec", container)


@pytest.fixture
def alone(docker, connect):
    """Run a command in a container of its own, without network; returns its stdout."""

    def alone(*command, options=()):
        return docker("run", "--rm", "--network", "none", *options, connect.tagged, *command)

    return alone


def test_the_constraints_hold_what_is_installed(inside):
    lines = inside("sh", "-c", "cat $PIP_CONSTRAINT").splitlines()
    pins = dict(line.split("==") for line in lines)
    assert list(pins) == [
        "pyspark", "grpcio", "grpcio-status", "protobuf", "googleapis-common-protos", "py4j", "pandas", "pyarrow",
        "numpy",
    ]  # fmt: skip
    program = "import importlib.metadata as m, json, sys; print(json.dumps({n: m.version(n) for n in sys.argv[1:]}))"
    found = json.loads(inside("python3", "-c", program, *pins))
    assert found.pop("pyspark") == f"{pins.pop('pyspark')}+nojars"
    assert found == pins


@pytest.mark.parametrize("requirement", ["pyspark==3.5.0", "protobuf==5.29.5", "numpy>=2"])
def test_a_projects_requirements_cannot_move_the_client(needs_docker, container, requirement):
    command = [needs_docker, "exec", container, "python3", "-m", "pip", "install", "--no-index", "--dry-run"]
    finished = subprocess.run([*command, requirement], capture_output=True, text=True, check=False, timeout=120)
    assert finished.returncode == 1
    name = requirement.rstrip("=>.0123456789")
    assert f"The user requested {requirement}" in finished.stdout
    assert f"The user requested (constraint) {name}==" in finished.stdout


@pytest.mark.parametrize("requirement", ["pyspark", "pyspark[sql,connect]==4.1.1", "numpy<2", "grpcio"])
def test_a_project_may_ask_for_what_is_there(inside, requirement):
    assert "Would install" not in inside("python3", "-m", "pip", "install", "--no-index", "--dry-run", requirement)


def test_the_start_script_runs_as_a_child_of_an_init(alone):
    assert alone("/app/run_app.sh", "cat", "/proc/1/comm") == "dumb-init\n"


@pytest.mark.parametrize("user", ["1000:0", "1000680000:0"])
def test_any_user_id_of_group_0_may_write_where_mage_writes(alone, user):
    options = ("--user", user, "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
    script = (
        "touch $HOME/a /home/src/b $MAGE_DATA_DIR/c && python3 -c 'import pyspark.sql.connect, mage_ilum' && echo ok"
    )
    assert alone("sh", "-c", script, options=options) == "ok\n"


def test_what_a_worker_imports_is_compiled_already(docker, connect, base_image):
    program = "import pandas, pyarrow, mage_ai.cli.main"
    script = "python3 -v -c \"$0\" 2>&1 | grep -c 'code object from /.*[.]py$' || true"

    def compiled(image, imports):
        return int(docker("run", "--rm", "--network", "none", image, "sh", "-c", script, imports))

    assert compiled(connect.tagged, f"{program}, pyspark.sql.connect.session, mage_ilum, grpc_status") < 10
    assert compiled(base_image, program) > 300, "the base compiles all of it"


def test_the_runtime_library_and_the_project_are_there_for_everybody_to_read(inside):
    listed = inside("find", "/opt/mage-ilum", "!", "-perm", "-o=r", "-o", "-perm", "-o=w")
    assert listed == ""
    assert "metadata.yaml" in inside("ls", "/opt/mage-ilum/project")


def test_java_is_a_runtime_with_what_jdbc_over_tls_and_kerberos_needs(inside):
    listed = {line.partition("@")[0] for line in inside("java", "--list-modules").splitlines()}
    assert {
        "java.sql",
        "java.naming",
        "java.security.jgss",
        "jdk.crypto.ec",
        "jdk.naming.dns",
        "jdk.unsupported",
    } <= listed
    assert "jdk.compiler" not in listed
