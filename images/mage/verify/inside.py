"""Runs inside a built image, as its own user and without network: one JSON line per check on stdout.

Usage: inside.py PROFILE [CHECK…], by default every check. What has to be there is read from /opt/mage-ilum/lock.json.
"""

import hashlib
import importlib
import importlib.metadata
import json
import os
import pwd
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

PROFILE, *ONLY = sys.argv[1:]
LOCK = json.loads(Path("/opt/mage-ilum/lock.json").read_text())
JARS = PROFILE == "full"
JAVA = PROFILE != "slim"

BLOCK = """
import os

@data_loader
def look_around(*args, **kwargs):
    commands = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            commands.append(open(f"/proc/{pid}/comm").read().strip())
        except OSError:
            pass
    return {"session": kwargs.get("spark") is not None, "java": "java" in commands}

@test
def no_local_spark(output, *args):
    assert output == {"session": False, "java": False}, output
"""
PIPELINE = """
name: verify
uuid: verify
type: python
blocks:
- uuid: look_around
  name: look_around
  type: data_loader
  language: python
  upstream_blocks: []
  downstream_blocks: []
"""


def not_root() -> None:
    assert os.getuid() != 0, "it runs as root"
    pwd.getpwuid(os.getuid())  # ssh, which Mage's Git runs, stops for a user without a name


def exact_versions() -> None:
    release = LOCK["spark"] if JARS else LOCK["spark"] + "+nojars"
    wanted = {**LOCK["reused"], **LOCK["added"], "pyspark": release}
    found = {name: importlib.metadata.version(name) for name in wanted}
    wrong = {name: f"{found[name]} instead of {version}" for name, version in wanted.items() if found[name] != version}
    assert not wrong, wrong


def imports() -> None:
    for name in ("grpc_status.rpc_status", "google.rpc.error_details_pb2", "pyspark.sql.connect.session", "mage_ilum"):
        importlib.import_module(name)


def jars() -> None:
    import pyspark

    folder = Path(pyspark.__file__).parent / "jars"
    assert folder.is_dir(), f"{folder} has to be there, or Mage exits with 255"
    assert any(folder.glob("*.jar")) is JARS, f"{folder} holds the wrong thing for profile {PROFILE}"


def constraints() -> None:
    path = Path(os.environ["PIP_CONSTRAINT"])
    assert f"pyspark=={LOCK['spark']}\n" in path.read_text(), f"{path} does not hold the client"


def java() -> None:
    home = Path(os.environ["JAVA_HOME"])
    version = subprocess.run(["java", "-version"], capture_output=True, text=True, check=True).stderr
    assert "17." in version, version
    command = [home / "bin" / "keytool", "-list", "-cacerts", "-storepass", "changeit"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert listed.returncode == 0, listed.stdout + listed.stderr
    assert "trustedCertEntry" in listed.stdout, "the Java runtime trusts no certificate authority"


def jdbc() -> None:
    """The files are the locked ones, and the driver loads into a Java virtual machine of this Python."""
    for name, sha256 in LOCK["with"]["jdbc"].items():
        if name.endswith(".jar"):
            assert hashlib.sha256(Path("/opt/jdbc", name).read_bytes()).hexdigest() == sha256, f"{name} is another file"
    from mage_ilum.jdbc.machine import driver_manager

    driver_manager()


def no_local_spark() -> None:
    """A block of a project with Mage's own default settings starts no JVM and gets no session."""
    project = run_in_new_project({"data_loaders/look_around.py": BLOCK, "pipelines/verify/metadata.yaml": PIPELINE})
    command = ["mage", "run", str(project), "verify", "--test"]
    finished = subprocess.run(command, capture_output=True, text=True, check=False, cwd=project.parent)
    assert finished.returncode == 0, (finished.stdout + finished.stderr)[-2000:]


def local_spark() -> None:
    """Profile `full` carries a Spark of its own."""
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    try:
        assert spark.range(3).count() == 3
    finally:
        spark.stop()


def run_in_new_project(files: dict[str, str]) -> Path:
    project = Path(tempfile.mkdtemp()) / "verify"
    subprocess.run(["mage", "init", str(project)], capture_output=True, check=True, cwd=project.parent)
    for name, text in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    settings = project / "metadata.yaml"
    settings.write_text(settings.read_text().replace("help_improve_mage: true", "help_improve_mage: false"))
    return project


CHECKS = [
    not_root, exact_versions, imports, jars, constraints,
    *([java] if JAVA else []),
    *([jdbc] if "jdbc" in LOCK.get("with", {}) else []),
    *([local_spark] if JARS else [no_local_spark]),
]  # fmt: skip

os.environ["MAGE_DATA_DIR"] = tempfile.mkdtemp()
os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"  # without a network no name leads here, and a local Spark asks for one
for check in CHECKS:
    if ONLY and check.__name__ not in ONLY:
        continue
    try:
        check()
        problem = ""
    except BaseException as error:  # Mage ends a process that finds no Spark home
        problem = "".join(traceback.format_exception_only(type(error), error)).strip()
    print("\n" + json.dumps({"check": check.__name__, "problem": problem}), flush=True)
