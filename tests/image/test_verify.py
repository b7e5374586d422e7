"""`verify` refuses broken images: each of these lacks one thing that the real one has."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.image.conftest import SPARK

from deploykit import catalog, plan
from deploykit.cli.output import Lines
from deploykit.errors import BuildError
from deploykit.image import base, java, verify
from deploykit.image.platform import host_platform
from deploykit.plan import Plan
from deploykit.request import Profile, Request

SITE = "/usr/local/lib/python3.10/site-packages"


@pytest.fixture(scope="module")
def the_plan(connect, base_image, own_repository) -> Plan:
    """The plan that the image was built by; everything about it is known by now."""
    known = catalog.load()
    request = Request(
        spark=SPARK,
        mage="0.9.80",
        base=base_image,
        profile=Profile.CONNECT,
        repository=own_repository,
        platform=host_platform(),
    )
    found = base.remembered(base_image, platform=request.platform, catalog=known)
    assert found is not None
    version = java.remembered(request, found, known)
    return plan.make(request, server=known.spark(SPARK), base=found, java=version, catalog=known)


@pytest.fixture
def broken(docker, connect, registry, tmp_path) -> Callable[..., str]:
    """The image with one more instruction."""

    def broken(name, *instructions):
        (tmp_path / "Dockerfile").write_text(
            "\n".join([f"FROM {connect.tagged}", "USER 0:0", *instructions, "USER 1000:0"])
        )
        reference = f"{registry}/deploykit-test/broken:{name}"
        docker("build", "--quiet", "--network", "none", "--tag", reference, str(tmp_path))
        return reference

    return broken


def problems(checks) -> dict[str, str]:
    return {check.name: check.problem for check in checks if check.problem}


def test_a_start_script_that_keeps_a_stop_from_the_block_is_found(broken, the_plan, engine):
    image = broken("no-init", "RUN cp /app/run_app.mage.sh /app/run_app.sh")
    with ThreadPoolExecutor() as pool:
        both = pool.map(lambda kind: verify.stops(kind, image, the_plan, engine), ("worker", "server"))
        found = problems(check for checks in both for check in checks)
    assert set(found) == {f"SIGTERM ends a block in a {kind} pod within 5 s" for kind in ("worker", "server")}
    assert all(problem.startswith("it took ") for problem in found.values())


FAULTS = {
    "wrong": {
        f"sed -i 's/^Version: .*/Version: 1.70.0/' {SITE}/grpcio-1.74.0.dist-info/METADATA": (
            "exact versions",
            "grpcio",
        ),
        f"touch {SITE}/pyspark/jars/spark-core.jar": ("jars", "holds the wrong thing for profile connect"),
        "echo > /opt/mage-ilum/constraints.txt": ("constraints", "does not hold the client"),
        "truncate -s 0 /opt/java/lib/security/cacerts": ("java", "keytool"),
    },
    "missing": {
        f"rm -r {SITE}/pyspark/jars": ("jars", "has to be there, or Mage exits with 255"),
        f"rm -r {SITE}/grpc_status": ("imports", "grpc_status"),
        "rm /opt/java/bin/java": ("java", "java"),
    },
}


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_of_an_image_is_found_and_named(broken, the_plan, engine, name):
    image = broken(name, *(f"RUN {command}" for command in FAULTS[name]))
    looked_for = (check.replace(" ", "_") for check, _ in FAULTS[name].values())
    found = problems(verify.inside(image, the_plan, engine, *looked_for, "not_root"))
    for check, sentence in FAULTS[name].values():
        assert sentence in found.get(check, ""), check
    assert "not root" not in found


def test_a_spark_of_mages_own_is_found(full, the_plan, engine):
    found = problems(verify.inside(full, the_plan, engine))
    assert "no local spark" in found
    assert "holds the wrong thing for profile connect" in found["jars"]


def test_a_root_user_is_found(broken, the_plan, engine, docker):
    image = broken("root")
    root = f"{image}-user"
    container = docker("create", image).strip()
    docker("commit", "--change", "USER 0:0", container, root)
    docker("rm", container)
    assert "it runs as root" in problems(verify.inside(root, the_plan, engine, "not_root"))["not root"]


def test_a_verification_lists_what_does_not_hold_and_exits_with_6(broken, the_plan, engine, capsys):
    image = broken("constraint", "RUN echo > /opt/mage-ilum/constraints.txt")
    with pytest.raises(BuildError) as caught:
        verify.verify(image, the_plan, engine=engine, progress=Lines())
    assert caught.value.exit_code == 6
    assert re.fullmatch("constraints: AssertionError: .* does not hold the client", caught.value.why)
    said = capsys.readouterr().err
    assert "FAIL: constraints" in said
    assert said.count("==> ok: ") == 9


def test_a_requirement_that_the_base_does_not_break_is_found(broken, the_plan, engine):
    dist = f"{SITE}/broken-1.dist-info"
    metadata = r"Metadata-Version: 2.1\nName: broken\nVersion: 1\nRequires-Dist: there-is-no-such-thing\n"
    image = broken("pip-check", f"RUN mkdir {dist} && printf '{metadata}' > {dist}/METADATA")
    (check,) = verify.pip_check(image, the_plan, engine)
    assert "there-is-no-such-thing" in check.problem


def test_an_image_in_which_nothing_runs_is_no_pass(broken, the_plan, engine):
    image = broken("nothing", "RUN rm /opt/mage-ilum/lock.json")
    assert "FileNotFoundError" in problems(verify.inside(image, the_plan, engine))["checks inside"]
