"""The parts: an image of ours, Spark as Ilum runs it, and a release in a namespace that denies all egress."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
import trustme
from tests.cluster.release import CA_SECRET, DATABASE_FLAGS, DATABASE_URL, OFTEN, OPENSHIFT_FLAGS, Release, database
from tests.needs import Cluster, Ilum, building
from tests.sync.matrix import ALL

SPARK = "4.1.1"

collect_ignore = [] if ALL else ["test_minutes.py"]
"""What measures, for minutes, and what only a person asks for."""


def deploykit(*arguments: str, seconds: float) -> str:
    """Run the command line as a user does; returns its stdout."""
    done = subprocess.run(
        [sys.executable, "-m", "deploykit", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, f"deploykit {arguments[0]}: {done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def image(request: pytest.FixtureRequest) -> str:
    """The reference, with its digest, of an image that a cluster can pull: named, or built and pushed by us."""
    named = os.environ.get("DEPLOYKIT_TEST_IMAGE")
    if named:
        return named
    base, registry = request.getfixturevalue("base_image"), request.getfixturevalue("registry")
    options = ["--spark", SPARK, "--base", base, "--repository", f"{registry}/mage-ilum", "--network", "host"]
    with building():
        return deploykit("image", *options, "--push", seconds=1500).splitlines()[-1]


@pytest.fixture(scope="session", autouse=True)
def spark_beside(request: pytest.FixtureRequest) -> Iterator[Future[Ilum] | None]:
    """Spark, starting beside the first tests, where a later one needs it."""
    here = Path(__file__).parent
    wanted = any("spark" in item.fixturenames for item in request.session.items if item.path.is_relative_to(here))
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(request.getfixturevalue("ilum"), SPARK) if wanted else None


@pytest.fixture(scope="session")
def spark(spark_beside: Future[Ilum] | None) -> Ilum:
    """Spark on the cluster."""
    assert spark_beside is not None, "a test that asks for it by its name has begun it"
    return spark_beside.result()


@pytest.fixture(scope="session")
def release(
    needs_cluster: Cluster, image: str, spark: Ilum, postgres_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Release]:
    """The chart with values by `deploykit values`, with any uid, default-deny egress and restricted Pod Security."""
    values = Path(tmp_path_factory.mktemp("release")) / "values.yaml"
    found = Release(cluster=needs_cluster, values=values, flags=OFTEN)

    found.create_namespace()
    found.kubectl("apply", "--filename=-", text=database(postgres_image))
    found.kubectl("create", "secret", "generic", "database", f"--from-literal={DATABASE_URL}")
    certificates = trustme.CA().cert_pem.bytes().decode()
    found.kubectl("create", "secret", "generic", CA_SECRET, f"--from-literal=ca.crt={certificates}")
    deploykit(
        "values", "--image", image, "--namespace", spark.namespace, "--executor", "--file", str(values), seconds=30
    )
    ca = ("--set", f"ilum.server.caSecret.name={CA_SECRET}")
    found.install(*ca, *DATABASE_FLAGS, *OPENSHIFT_FLAGS)
    yield found
    found.helm("uninstall", "mage", check=False)  # for what it has in other namespaces
    found.delete_namespace()


@pytest.fixture(scope="session")
def in_driver(release: Release, spark: Ilum) -> Callable[[str], str]:
    """Runs Python in the driver's own pod, where no Mage and no policy is in between; returns its stdout."""
    [driver] = release.kubectl(
        "get", "pods", f"--namespace={spark.namespace}", "--selector=spark-role=driver", "--output=name"
    ).split()
    return lambda code: release.kubectl("exec", f"--namespace={spark.namespace}", driver, "--", "python3", "-c", code)


@pytest.fixture(scope="session")
def direct_rows(in_driver: Callable[[str], str]) -> int:
    """The rows that a query finds without Mage."""
    query = (
        "from pyspark.sql import SparkSession;"
        "spark = SparkSession.builder.remote('sc://127.0.0.1:15002').getOrCreate();"
        "print(spark.table('transaction_anomaly_detection.transactions').filter('amount > 1000').count())"
    )
    return int(in_driver(query).split()[-1])
