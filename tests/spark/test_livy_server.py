"""Batches on a real Livy server, which really runs spark-submit."""

import shutil
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.spark.livy_server import hadoop_jar, livy_server
from tests.unit.mage_ilum.doubles.kill import block, kill, until

from mage_ilum import BatchFailedError, LivyError, ServiceError, livy_batch
from mage_ilum.livy.resource import find_livy

# Ends with the JVM that started it: Livy ends that one alone.
SLEEPER = """import os, time
print("asleep", flush=True)
parent = os.getppid()
while os.getppid() == parent:
    time.sleep(0.2)
"""


@pytest.fixture(scope="module")
def jobs(tmp_path_factory):
    """A folder with the programs that Livy may run."""
    folder = tmp_path_factory.mktemp("jobs")
    (folder / "hello.py").write_text("import sys\nfor number in range(3):\n    print(number, sys.argv[1:])\n")
    (folder / "fail.py").write_text("raise SystemExit('no rows for today')\n")
    (folder / "sleep.py").write_text(SLEEPER)
    shutil.copy(hadoop_jar(), folder / "version.jar")
    return folder


@pytest.fixture(scope="module")
def livy(tmp_path_factory, jobs):
    with livy_server(tmp_path_factory.mktemp("livy"), jobs) as url:
        yield url


@pytest.fixture(scope="module")
def ended(livy, jobs):
    """What came of three batches that ran at the same time: a Python file, a JAR, a program that fails."""

    def run(file, **options):
        return livy_batch(str(jobs / file), url=livy, poll=0.2, timeout=90, log=[].append, **options)

    def outcome(future):
        return future.exception() or future.result()

    with ThreadPoolExecutor(3) as pool:
        batches = {
            "python": pool.submit(run, "hello.py", args=["a b", "c"]),
            "jar": pool.submit(run, "version.jar", class_name="org.apache.hadoop.util.VersionInfo"),
            "failing": pool.submit(run, "fail.py"),
        }
    return {name: outcome(future) for name, future in batches.items()}


def test_a_python_file_runs_to_its_end_with_its_log(ended):
    assert [line for line in ended["python"].log if "a b" in line] == [f"{n} ['a b', 'c']" for n in range(3)]


def test_a_jar_runs_to_its_end_with_its_log(ended):
    assert "Hadoop 2.7.4" in ended["jar"].log


def test_a_failing_program_tells_its_last_words(ended):
    assert isinstance(ended["failing"], BatchFailedError)
    assert "no rows for today" in str(ended["failing"])


def test_a_file_that_livy_may_not_read_is_refused_in_livys_words(livy):
    with pytest.raises(ServiceError, match="Livy answers 400: requirement failed: Local path /etc/hostname"):
        livy_batch("/etc/hostname", url=livy)


def test_a_batch_that_takes_too_long_is_gone_at_livy(livy, jobs):
    with pytest.raises(LivyError, match="did not end within 1 s"):
        livy_batch(str(jobs / "sleep.py"), name="slow", url=livy, timeout=1, poll=0.2, log=[].append)
    assert not any(name.startswith("slow-") for name in alive(livy))


def test_a_batch_of_a_killed_block_is_gone_at_livy(livy, jobs):
    code = f"from mage_ilum import livy_batch; livy_batch({str(jobs / 'sleep.py')!r}, name='orphan', poll=0.2)"
    with block(code, {"ILUM_LIVY_URL": livy}) as process:
        until(lambda: any(name.startswith("orphan-") for name in alive(livy)), seconds=30)
        kill(process, signal.SIGKILL)
        until(lambda: not any(name.startswith("orphan-") for name in alive(livy)), seconds=20)


def alive(url):
    """The names of the batches that Livy knows."""
    return {batch["name"] for batch in find_livy(url).request("GET", "batches")["sessions"]}
