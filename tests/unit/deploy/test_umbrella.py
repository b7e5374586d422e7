"""The values for Ilum's umbrella chart."""

import pytest
import yaml

from deploykit.deploy import values
from deploykit.deploy.chart_defaults import default_values
from deploykit.deploy.ilum_services import LIVY, SQL, assumed
from deploykit.deploy.umbrella import SIGNATURE, to_values, to_yaml
from deploykit.deploy.values import Deployment
from deploykit.errors import UsageError
from deploykit.image_reference import ImageReference

DIGEST = f"sha256:{'0a' * 32}"
IMAGE = ImageReference("registry.example/mage", "1.0", DIGEST)
HERE = Deployment(image=IMAGE, host="connect.ilum.svc")


def test_the_module_is_switched_on_with_our_image_and_the_guides_resources():
    [(section, module)] = to_values(HERE).items()
    assert section == "mageai"
    assert module["enabled"] is True
    assert module["image"] == {
        "repository": "registry.example/mage",
        "tag": "1.0",
        "digest": DIGEST,
        "pullPolicy": "IfNotPresent",
    }
    assert module["resources"] == {
        "limits": {"cpu": "2000m", "memory": "4Gi"},
        "requests": {"cpu": "1000m", "memory": "2Gi"},
    }


def test_image_and_resources_are_the_same_keys_in_both_charts():
    module, ours = to_values(HERE)["mageai"], default_values()["mageai"]
    assert module["image"].keys() <= ours["image"].keys()
    assert module["resources"] == ours["resources"]
    assert {key: module["image"][key] for key in ("repository", "tag", "digest")} == values.to_values(HERE)["mageai"][
        "image"
    ]


def test_blocks_get_their_addresses_by_a_map_which_helm_merges_into_ilums_own():
    services = (assumed(SQL, "ilum"), assumed(LIVY, "ilum"))
    module = to_values(Deployment(image=IMAGE, host="connect.ilum.svc", port=443, services=services))["mageai"]
    assert module["config"] == {
        "ILUM_SPARK_CONNECT_URL": "sc://connect.ilum.svc:443",
        "ILUM_SQL_URL": "hive://ilum-sql-thrift-binary.ilum.svc:10009/default",
        "ILUM_LIVY_URL": "http://ilum-livy-proxy.ilum.svc:8998",
    }
    assert not [key for key, value in module.items() if isinstance(value, list)]


@pytest.mark.parametrize(
    ("deployment", "url"),
    [
        (Deployment(image=IMAGE, create_service=True, namespace="jobs"), "sc://spark-connect-server.jobs.svc:15002"),
        (Deployment(image=IMAGE, host="2001:db8::1"), "sc://[2001:db8::1]:15002"),
    ],
)
def test_the_address_is_that_of_the_service_that_our_chart_makes_or_of_a_machine(deployment, url):
    assert to_values(deployment)["mageai"]["config"]["ILUM_SPARK_CONNECT_URL"] == url


def test_another_address_starts_the_pods_anew():
    other = Deployment(image=IMAGE, host="other.ilum.svc")
    annotations = [to_values(one)["mageai"]["podAnnotations"] for one in (HERE, HERE, other)]
    assert annotations[0] == annotations[1] != annotations[2]


def test_a_digest_without_a_tag_is_refused_with_the_way_out():
    with pytest.raises(UsageError, match="needs the image's tag") as raised:
        to_values(Deployment(image=ImageReference("registry.example/mage", "", DIGEST), host="connect"))
    assert f"registry.example/mage:TAG@{DIGEST}" in raised.value.fix


def test_the_text_says_what_it_is_for_and_reads_back_as_the_values():
    text = to_yaml(HERE)
    assert text.splitlines()[0] == SIGNATURE
    assert yaml.safe_load(text) == to_values(HERE)
    assert "&id" not in text, "a YAML anchor, which people do not read"
