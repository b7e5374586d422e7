"""The picture: well-formed, complete, and red where it is broken."""

import xml.etree.ElementTree as ET

import pytest
from tests.unit.check.cluster_objects import MAGE, SERVER, SPARK, pod, policy, service, state

from deploykit.check.picture.drawing import Picture, picture
from deploykit.check.picture.mermaid import mermaid
from deploykit.check.picture.svg import svg
from deploykit.deploy.policies import Table
from deploykit.deploy.policies.allowed import allowed
from deploykit.deploy.policies.dialled import dialled

SERVICE = service("ilum", "spark", {"spark-role": "driver"})
DNS_ONLY = {"ports": [{"protocol": "UDP", "port": 53}]}
SVG = "{http://www.w3.org/2000/svg}"


def drawn(*policies: dict[str, object]) -> Picture:
    return picture(the_table(*policies))


def the_table(*policies: dict[str, object]) -> Table:
    found = state(MAGE, SPARK, SERVICE, *policies)
    kinds = {'server "<1>" & co': found.network.pod("mage", "mage-1")}
    wanted = dialled("spark.ilum.svc", 15002, home="mage")
    return allowed(found.network, namespace="mage", kinds=kinds, named={"Spark": wanted}).table


@pytest.fixture
def broken() -> Picture:
    return drawn(policy("mage", "only-dns", {}, egress=[DNS_ONLY]))


def test_the_svg_is_well_formed_and_has_every_box_and_arrow(broken: Picture) -> None:
    root = ET.fromstring(svg(broken))
    assert root.tag == f"{SVG}svg"
    assert len(root.findall(f"{SVG}rect[@rx]")) == len(broken.sources) + len(broken.targets) == 3
    said = [text.text for text in root.iter(f"{SVG}text")]
    assert 'server "<1>" & co' in said
    assert "UDP 53" in said
    assert "TCP 15002 denied" in said


def test_the_broken_arrow_alone_is_red(broken: Picture) -> None:
    root = ET.fromstring(svg(broken))
    arrows = [path.get("class") for path in root.findall(f"{SVG}path") if path.find(f"{SVG}title") is not None]
    assert sorted(map(str, arrows)) == ["broken", "open"]
    assert ".broken { stroke: #c62828" in svg(broken)
    whole = ET.fromstring(svg(drawn()))
    assert {path.get("class") for path in whole.iter(f"{SVG}path") if path.find(f"{SVG}title") is not None} == {"open"}


def test_what_is_in_the_way_stands_in_the_pods_box(broken: Picture) -> None:
    assert broken.sources[0].wrong == ("TCP 15002: no egress rule in mage/only-dns",)


def test_everything_is_inside_the_svgs_frame(broken: Picture) -> None:
    root = ET.fromstring(svg(broken))
    width, height = (float(root.get(name, "")) for name in ("width", "height"))
    for box in root.iter(f"{SVG}rect"):
        x, y, w, h = (float(box.get(name, "0")) for name in ("x", "y", "width", "height"))
        assert x >= 0
        assert x + w <= width
        assert y >= 0
        assert y + h <= height


def test_mermaid_has_a_node_for_each_box_and_a_style_for_each_arrow(broken: Picture) -> None:
    lines = mermaid(broken).splitlines()
    assert lines[0].startswith("%%{init: ")
    assert lines[1] == "flowchart LR"
    assert sum('["' in line for line in lines) == 3
    assert sum("linkStyle" in line for line in lines) == len(broken.arrows) == 2
    [red] = [line.split()[1] for line in lines if "#c62828" in line]
    arrows = [line for line in lines if "|" in line]
    assert "-.-x" in arrows[int(red)]
    assert "15002" in arrows[int(red)]
    assert '"<1>"' not in "\n".join(lines), "names are escaped"


def test_a_destination_without_pods_is_shown_as_what_it_is() -> None:
    found = state(MAGE, SERVICE)
    wanted = dialled("spark.ilum.svc", 15002, home="mage")
    kinds = {"server": found.network.pod("mage", "mage-1")}
    made = picture(allowed(found.network, namespace="mage", kinds=kinds, named={"Spark": wanted}).table)
    assert made.targets[-1].lines[0] == "Service ilum/spark selects no pod."
    assert not made.arrows[-1].allowed


def test_kinds_that_may_ask_different_dns_servers_are_in_one_picture() -> None:
    cache = pod("kube-system", "cache", {"k8s-app": "node-local-dns"}, address="10.0.0.54")
    worker = pod("mage", "worker", {"app.kubernetes.io/component": "worker"}, address="10.0.0.5")
    dns_pods = {"to": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}]}
    found = state(
        MAGE, SPARK, SERVICE, cache, worker, policy("mage", "dns", SERVER, egress=[dns_pods]),
        policy("mage", "none", {"app.kubernetes.io/component": "worker"}, egress=[]),
    )  # fmt: skip
    kinds = {"server": found.network.pod("mage", "mage-1"), "worker": found.network.pod("mage", "worker")}
    wanted = dialled("spark.ilum.svc", 15002, home="mage")
    made = picture(allowed(found.network, namespace="mage", kinds=kinds, named={"Spark": wanted}).table)
    assert len(made.targets) == 3, "the cache, which the worker alone is shown to miss, too"
    assert len(ET.fromstring(svg(made)).findall(f"{SVG}rect[@rx]")) == 5
    assert "NodeLocal" in mermaid(made)


def test_an_empty_table_is_a_picture_too() -> None:
    ET.fromstring(svg(picture({})))
    assert "\nflowchart LR\n" in mermaid(picture({}))


def test_the_same_table_gives_the_same_picture() -> None:
    assert svg(drawn()) == svg(drawn())
