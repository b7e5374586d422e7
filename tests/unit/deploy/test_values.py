"""The values mapping and its YAML text."""

import pytest
import yaml

from deploykit.deploy.ilum_services import POSTGRESQL, SQL, IlumService, assumed
from deploykit.deploy.values import SIGNATURE, Deployment, to_values, to_yaml
from deploykit.image_reference import ImageReference

IMAGE = ImageReference("registry.example/mage", "0.9.80-spark4.1.1-connect-01234567")
HOST = "spark-connect-server.ilum.svc.cluster.local"


def test_the_least_deployment_names_image_server_and_driver_and_nothing_else():
    assert to_values(Deployment(image=IMAGE, host=HOST)) == {
        "mageai": {"image": {"repository": IMAGE.repository, "tag": IMAGE.tag}},
        "ilum": {
            "server": {"host": HOST, "port": 15002, "namespace": "ilum", "podSelector": {"spark-role": "driver"}},
            "service": {"create": False},
        },
    }


def test_a_service_of_our_own_selects_what_the_policies_select():
    labels = {"spark-role": "driver", "spark-app-name": "connect"}
    ilum = to_values(Deployment(image=IMAGE, create_service=True, driver_labels=labels))["ilum"]
    assert ilum["server"]["host"] == ""
    assert ilum["server"]["podSelector"] == ilum["service"]["selector"] == labels


def test_a_server_outside_the_cluster_is_named_by_address_instead_of_pods():
    server = to_values(Deployment(image=IMAGE, host="10.1.2.3", cidrs=("10.1.2.3/32",)))["ilum"]["server"]
    assert server["cidrs"] == ["10.1.2.3/32"]
    assert "podSelector" not in server


def test_the_executor_is_declared_with_its_namespace_and_the_api_servers_addresses():
    values = to_values(
        Deployment(image=IMAGE, host=HOST, executor=True, api_server_cidrs=("192.0.2.1/32",), api_server_ports=(6443,))
    )
    assert values["executor"] == {"enabled": True, "dedicatedNamespace": True}
    assert values["networkPolicy"] == {"apiServer": {"cidrs": ["192.0.2.1/32"], "ports": [6443]}}


def test_beside_ilums_module_the_policies_are_told_of_its_database():
    """The chart is refused without, and Mage would be cut off from it."""
    database = IlumService(POSTGRESQL, "", "lake", {"app.kubernetes.io/name": "postgresql"}, 5433)
    deployment = Deployment(image=IMAGE, host=HOST, module=True, ilum_namespace="lake", database=database)
    values = to_values(deployment)
    assert values["ilum"]["module"] is True
    peer = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "lake"}},
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "postgresql"}},
    }
    assert values["networkPolicy"] == {"database": {"to": [peer], "port": 5433}}
    assert "--namespace lake " in to_yaml(deployment)
    assert "--namespace mage " in to_yaml(Deployment(image=IMAGE, host=HOST))


def test_a_policy_on_the_drivers_side_is_asked_for_only_where_the_driver_is_isolated():
    isolated = to_values(Deployment(image=IMAGE, host=HOST, ingress_policy=True))["ilum"]["server"]
    assert isolated["ingressPolicy"] == {"create": True}
    assert "ingressPolicy" not in to_values(Deployment(image=IMAGE, host=HOST))["ilum"]["server"]


def test_a_service_that_no_cluster_was_asked_for_is_switched_on_and_the_rest_is_the_charts_default():
    ilum = to_values(Deployment(image=IMAGE, host=HOST, services=(assumed(SQL, "ilum"),)))["ilum"]
    assert ilum["sql"] == {"enabled": True}


def test_a_service_that_was_found_selects_by_its_own_labels_alone():
    found = IlumService(SQL, "hive://a:1/default", "i", {"spark-role": "driver"}, 10000)
    deployment = Deployment(image=IMAGE, host=HOST, services=(found,), ilum_namespace="i")
    ilum = to_values(deployment)["ilum"]
    assert ilum["namespace"] == "i"
    assert ilum["sql"] == {
        "enabled": True,
        "url": "hive://a:1/default",
        "namespace": "i",
        "podSelector": {"app.kubernetes.io/name": None, "spark-role": "driver"},
        "podPort": 10000,
    }


@pytest.mark.parametrize("create_service", [False, True])
def test_the_text_says_who_wrote_it_and_reads_back_as_the_values(create_service):
    deployment = Deployment(image=IMAGE, host=HOST, create_service=create_service)
    text = to_yaml(deployment)
    assert text.splitlines()[0] == SIGNATURE
    assert yaml.safe_load(text) == to_values(deployment)
    assert "&id" not in text, "a YAML anchor, which people do not read"


def test_a_tag_that_looks_like_a_number_stays_a_text():
    text = to_yaml(Deployment(image=ImageReference("mage", "1.0"), host=HOST))
    assert yaml.safe_load(text)["mageai"]["image"]["tag"] == "1.0"
