"""For which platform an image is where nobody names one: that of the nodes that will run it, if a cluster tells."""

from contextlib import ExitStack

import pytest
from tests.unit.image.plans import make, request
from tests.unit.kubernetes.api_server import PODS, kubeconfig, listing, serving

from deploykit.cli import image
from deploykit.cli.main import run
from deploykit.cli.output import Lines
from deploykit.image.build import Result
from deploykit.image.platform import host_platform, of_nodes
from deploykit.planning import for_nodes

pytestmark = pytest.mark.usefixtures("isolated")

HERE = host_platform()
[ELSEWHERE] = {"linux/amd64", "linux/arm64"} - {HERE}


def nodes(*platforms: str):
    facts = (dict(zip(("operatingSystem", "architecture"), name.split("/"), strict=True)) for name in platforms)
    return [{"metadata": {"name": "node"}, "status": {"nodeInfo": fact}} for fact in facts]


@pytest.fixture
def cluster(monkeypatch, tmp_path):
    """Have a cluster with these nodes; None: they may not be listed."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    pods = [{**pod, "kind": "Pod", "metadata": {**pod["metadata"], "namespace": "ilum"}} for pod in PODS["items"]]

    with ExitStack() as opened:

        def having(*platforms: str | None) -> None:
            there = {} if platforms == (None,) else {"/api/v1/nodes": {"metadata": {}, "items": nodes(*platforms)}}
            port = opened.enter_context(serving({**listing(*pods), **there}))
            monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config", f"http://127.0.0.1:{port}")))

        yield having


def test_the_platform_of_most_nodes_comes_first_and_what_no_image_is_for_is_left_out():
    found = of_nodes(nodes("linux/arm64", "windows/amd64", "linux/amd64", "linux/s390x", "linux/arm64"))
    assert found == ["linux/arm64", "linux/amd64"]


@pytest.mark.parametrize(
    ("there", "chosen", "said"),
    [
        ((HERE, HERE), HERE, ""),
        ((ELSEWHERE,), ELSEWHERE, f"For {ELSEWHERE}: the cluster's nodes are {ELSEWHERE}"),
        ((ELSEWHERE, ELSEWHERE, HERE), HERE, f"For {HERE}: the cluster's nodes are {ELSEWHERE} and {HERE}"),
        (("windows/amd64",), HERE, ""),
        ((None,), HERE, ""),
    ],
)
def test_an_image_is_for_the_nodes_where_these_are_known(cluster, capsys, there, chosen, said):
    cluster(*there)
    asked = request(spark=None, namespace="ilum", platform=HERE, any_platform=True)
    assert for_nodes(asked, progress=Lines()).platform == chosen
    err = capsys.readouterr().err
    assert said in err
    assert bool(said) == bool(err)


@pytest.mark.parametrize("named", [{"any_platform": False}, {"namespace": None, "server": "sc://127.0.0.1:1"}])
def test_nodes_are_not_looked_at_where_a_platform_is_named_or_no_cluster_is_asked(named):
    asked = request(**{"spark": None, "namespace": "ilum", "platform": HERE, "any_platform": True, **named})
    assert for_nodes(asked, progress=Lines()) is asked


@pytest.mark.parametrize(("options", "built"), [([], ELSEWHERE), (["--platform", HERE], HERE)])
def test_the_command_builds_for_the_nodes_unless_it_is_told_otherwise(cluster, monkeypatch, options, built):
    cluster(ELSEWHERE)
    asked = []

    def exact(one, *_, **__):
        asked.append(one.platform)
        return make(repository="registry.example/mage", platform=one.platform)

    def build(plan, **_):
        return Result(reference=plan.reference, digest="sha256:0", id="", built=True, pushed=True)

    monkeypatch.setattr(image, "exact", exact)
    monkeypatch.setattr(image, "build", build)
    monkeypatch.setattr(image, "complete", lambda *_, **__: None)
    arguments = ["image", "--namespace", "ilum", "--repository", "registry.example/mage", "--push", *options]
    assert run(arguments) == 0
    assert asked == [built]
