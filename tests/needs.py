"""What a test may need beside Python: an engine, a registry, a cluster, Spark on it; `spark_servers.py` has the rest.

A test names its need as a fixture. What is missing skips the test with one sentence that says what to do about it;
with `DEPLOYKIT_TEST_ALL=1` it fails instead. Parts come from the testbed (`DEPLOYKIT_SHARED`, or `shared/` beside the
checkout), whose scripts are idempotent; without one, from what the machine has.
"""

import contextlib
import fcntl
import io
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import threading
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

REPOSITORY = Path(__file__).parents[1]
SHARED = Path(os.environ.get("DEPLOYKIT_SHARED") or REPOSITORY.parent / "shared")
TESTBED = SHARED / "testbed"
TESTBED_DIR = Path(os.environ.get("TESTBED_DIR") or "/var/lib/testbed")

REGISTRY = "127.0.0.1:5000"
"""The testbed's."""
MAGE = "0.9.80"
BUILD = REPOSITORY / ".build"
"""What tests get once for this checkout."""
TESTS_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "deploykit-tests"
"""What tests get once on this machine, for all checkouts."""
RUN_FOLDER = "DEPLOYKIT_TEST_RUN"
"""The variable that names the folder which the processes of one run share."""


def missing(what: str, fix: str) -> NoReturn:
    """Leave the test out, or fail it where nothing may be left out."""
    sentence = f"needs {what}: {fix}"
    if os.environ.get("DEPLOYKIT_TEST_ALL") == "1":
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


def bring_up(part: str, *arguments: str, what: str, seconds: float, **environment: str) -> None:
    """Run a testbed script, unless its part is up; of those that disturb each other, one at a time on this machine."""
    if part in ("spark", "ilum"):
        bring_up("spark-image", arguments[0], what=what, seconds=seconds)
    if _is_up(part, *arguments):
        return
    TESTBED_DIR.mkdir(parents=True, exist_ok=True)
    try:
        with locked(_lock(part, *arguments)):
            subprocess.run(
                [TESTBED / part, *arguments],
                env={**os.environ, **environment},
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                timeout=seconds,
            )
    except subprocess.TimeoutExpired:
        missing(what, f"testbed/{part} did not finish in {seconds:.0f} s")
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or ["no message"])[-1]
        missing(what, f"testbed/{part} failed: {last}")


def _lock(part: str, *arguments: str) -> Path:
    """What a script holds while it runs; `.ci/run` names the same files."""
    alone = {"spark-image": arguments[:1], "spark": arguments[1:2], "services": ()}
    name = "-".join(("", part, *alone[part])) if part in alone else ""
    return TESTBED_DIR / f"deploykit-test{name}.lock"


def _is_up(part: str, *arguments: str) -> bool:
    """Whether a part is there, where that is asked without a lock that another may hold for minutes."""
    images = {"base": f"mageai/mageai:{MAGE}", "services": "testbed/redis:7"}
    if part == "spark-image":
        images[part] = f"testbed/spark:{arguments[0]}"
    if part in images:
        name, _, tag = images[part].partition(":")
        return _status(f"http://{REGISTRY}/v2/{name}/manifests/{tag}") == 200
    if part == "docker":
        probe = subprocess.run(["/usr/bin/docker", "version"], capture_output=True, timeout=20, check=False)
        return probe.returncode == 0 and _status(f"http://{REGISTRY}/v2/") == 200
    return False


def fetch(what: str, command: list[str], *, cwd: Path, env: dict[str, str] | None = None) -> None:
    """Run a command that gets a tool from a package registry."""
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        missing(what, f"{' '.join(command[:2])} failed: {said[-1]}")


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Held by one process at a time, of this run or beside it, such as `.ci/run`."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def building() -> contextlib.AbstractContextManager[None]:
    """For a build whose stages another process may be about to build too: the later one finds them in the cache."""
    return locked(run_folder() / "building.lock")


def run_folder() -> Path:
    """Where the processes of one run leave word for each other; `tests/conftest.py` makes it."""
    return Path(os.environ[RUN_FOLDER])


def has_testbed() -> bool:
    return (TESTBED / "docker").is_file()


def _status(url: str) -> int:
    """What an HTTP server answers within 3 s, such as 200; 0 where none does."""
    try:
        with urllib.request.urlopen(url, timeout=3) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return 0


def answers(url: str) -> bool:
    """Does an HTTP server answer there within 3 s, whatever it says?"""
    return _status(url) != 0


def free_port() -> int:
    """A TCP port of the loopback address that is free now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="session")
def needs_docker() -> str:
    """The path of a Docker client whose engine answers."""
    what = "a Docker engine"
    if has_testbed():
        bring_up("docker", what=what, seconds=300)
    # The testbed's engine is used with Debian's own client, whatever else is called docker on the PATH.
    client = "/usr/bin/docker" if Path("/usr/bin/docker").exists() else shutil.which("docker")
    if client is None:
        missing(what, "install Docker, or put the testbed at ../shared")
    probe = subprocess.run([client, "version"], capture_output=True, timeout=20, check=False)
    if probe.returncode != 0:
        missing(what, f"{client} finds none; start it, or set DOCKER_HOST")
    return client


@pytest.fixture(scope="session")
def registry(needs_docker: str) -> str:
    """The address of an OCI registry without a login, such as `127.0.0.1:5000`."""
    address = os.environ.get("DEPLOYKIT_TEST_REGISTRY") or REGISTRY
    if not answers(f"http://{address}/v2/"):
        missing("an OCI registry", f"none at {address}; start one or set DEPLOYKIT_TEST_REGISTRY=host:port")
    return address


@pytest.fixture
def repository(registry: str) -> str:
    """An image repository that no other test has pushed to."""
    return f"{registry}/deploykit-test/{uuid.uuid4().hex[:12]}"


@pytest.fixture(scope="session")
def base_image(needs_docker: str) -> str:
    """The Mage image to build on, which the engine has or can pull."""
    what = "the Mage base image"
    if has_testbed():
        bring_up("base", MAGE, what=what, seconds=1200)
        return f"{REGISTRY}/mageai/mageai:{MAGE}"
    reference = os.environ.get("DEPLOYKIT_TEST_BASE") or f"mageai/mageai:{MAGE}"
    inspect = subprocess.run([needs_docker, "image", "inspect", reference], capture_output=True, check=False)
    if inspect.returncode != 0:
        missing(what, f"docker pull {reference}, or set DEPLOYKIT_TEST_BASE")
    return reference


@pytest.fixture(scope="session")
def base_python(needs_docker: str, base_image: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The base's own interpreter, outside of it."""
    folder = tmp_path_factory.mktemp("python")
    command = ["tar", "-c", "-C", "/usr/local", "--exclude=site-packages", "--exclude=__pycache__", "bin", "lib"]
    packed = subprocess.run(
        [needs_docker, "run", "--rm", "--network", "none", base_image, *command], capture_output=True, check=True
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="tar")
    return folder / "bin" / "python3.10"


@pytest.fixture(scope="session")
def postgres_image(registry: str) -> str:
    """PostgreSQL for pods: user, password and database are `mage`, and it runs as uid 999."""
    if not has_testbed():
        missing("an image of PostgreSQL", "put the testbed at ../shared, or set DEPLOYKIT_SHARED")
    bring_up("services", what="an image of PostgreSQL", seconds=600)
    return f"{registry}/testbed/postgres:15"


@pytest.fixture(scope="session")
def redis_image(postgres_image: str) -> str:
    """Redis for pods, which comes with PostgreSQL; it runs as uid 999."""
    return f"{postgres_image.rpartition('/')[0]}/redis:7"


@pytest.fixture(scope="session")
def needs_helm() -> Iterator[str]:
    """The path of `helm`, which is on the PATH for what the test starts."""
    with pytest.MonkeyPatch.context() as patch:
        for folder in (Path(sys.prefix) / "bin", TESTBED_DIR / "bin"):
            if shutil.which("helm") is None and (folder / "helm").exists():
                patch.setenv("PATH", str(folder), prepend=os.pathsep)
        found = shutil.which("helm")
        if found is None:
            missing("helm", "run `make test`, which gets one where it can, or install Helm 3.14 or newer")
        yield found


@pytest.fixture(scope="session")
def needs_cosign() -> Iterator[str]:
    """The path of `cosign`, which is on the PATH for what the test starts."""
    brought = shutil.which("cosign") or _brought_cosign()
    if brought is None:
        missing("cosign", "install cosign 2.6 or newer, or run tools/cosign.sh, which brings it")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(Path(brought).parent), prepend=os.pathsep)
        yield brought


def _brought_cosign() -> str | None:
    """The one that `tools/cosign.sh` has brought or, where nothing may be left out, brings now."""
    wanted = [] if os.environ.get("DEPLOYKIT_TEST_ALL") == "1" else ["--no-build"]
    done = subprocess.run(
        [REPOSITORY / "tools" / "cosign.sh", *wanted], stdout=subprocess.PIPE, text=True, timeout=1200, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else None


@dataclass(frozen=True)
class Cluster:
    """A Kubernetes cluster whose NetworkPolicies are enforced."""

    kubeconfig: Path
    kubectl: str
    helm: str


@pytest.fixture(scope="session")
def needs_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The cluster; `KUBECONFIG` and `PATH` point to it for what the test starts."""
    what = "a Kubernetes cluster"
    named = os.environ.get("DEPLOYKIT_TEST_KUBECONFIG")
    with contextlib.ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        if named:
            kubeconfig = Path(named)
        elif has_testbed():
            bring_up("cluster", what=what, seconds=600)
            # A copy: the script writes its own anew whenever it runs, and who reads it meanwhile finds it empty.
            kubeconfig = tmp_path_factory.mktemp("cluster") / "kubeconfig"
            with locked(_lock("cluster")):
                shutil.copy(TESTBED_DIR / "kubeconfig", kubeconfig)
            patch.setenv("PATH", str(TESTBED_DIR / "bin"), prepend=os.pathsep)
        else:
            missing(what, "put the testbed at ../shared, or name one that may be changed in DEPLOYKIT_TEST_KUBECONFIG")
        kubectl, helm = shutil.which("kubectl"), shutil.which("helm")
        if kubectl is None or helm is None:
            missing(what, "kubectl and helm must be on the PATH")
        patch.setenv("KUBECONFIG", str(kubeconfig))
        yield Cluster(kubeconfig=kubeconfig, kubectl=kubectl, helm=helm)


@dataclass(frozen=True)
class Ilum:
    """Spark as Ilum runs it: a Spark Connect job's driver and executor pods in a namespace."""

    version: str
    namespace: str
    connect: str
    """The in-cluster address of the server."""


@pytest.fixture(scope="session")
def ilum(needs_cluster: Cluster) -> Callable[[str], Ilum]:
    """A factory: `ilum("4.1.1")` has that Spark run in namespace `ilum`, in the place of any other.

    A thread may begin it; who asks meanwhile waits for it.
    """
    current: list[Ilum] = []
    starting = threading.Lock()

    def start(version: str) -> Ilum:
        if not has_testbed():
            missing("Spark on the cluster as Ilum runs it", "put the testbed at ../shared, or set DEPLOYKIT_SHARED")
        with starting:
            if not current or current[0].version != version:
                bring_up("ilum", version, what=f"Spark {version} on the cluster", seconds=1200)
                address = "sc://spark-connect-server.ilum.svc.cluster.local:15002"
                current[:] = [Ilum(version=version, namespace="ilum", connect=address)]
            return current[0]

    return start
