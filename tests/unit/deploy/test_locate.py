"""Which driver is Spark Connect, and which Service leads to it."""

from dataclasses import replace

import pytest

from deploykit.deploy.locate import Location, Service, ServicePort, locate, name_to_make
from deploykit.errors import UnreachableError, UsageError
from deploykit.spark_pods import ContainerPort, SparkPod


def driver(name="connect", *, declares=True, **labels):
    own = {
        "spark-role": "driver",
        "spark-app-name": name,
        "spark-app-selector": f"spark-{name}",
        "spark-version": "4.1.1",
    }
    ports = (ContainerPort(7078, "driver-rpc-port"), *([ContainerPort(15002, "spark-connect")] if declares else []))
    return SparkPod(name=f"{name}-driver", labels={**own, **labels}, ports=ports)


def service(name="spark-connect-server", *, selector=None, port=15002, target=15002, headless=False, ours=False):
    chosen = {"spark-role": "driver"} if selector is None else selector
    return Service(name=name, selector=chosen, ports=(ServicePort(port, target),), headless=headless, ours=ours)


EXECUTOR = SparkPod(name="connect-exec-1", labels={**driver().labels, "spark-role": "executor"})


def of_this_run():
    """The Service that Spark makes itself."""
    return service("connect-123-driver-svc", selector=dict(driver().labels), headless=True)


def test_a_service_that_leads_to_the_one_driver_is_used_and_its_selector_with_it():
    found = locate([driver()], [of_this_run(), service()], namespace="ilum")
    assert found == Location("connect-driver", {"spark-role": "driver"}, "spark-connect-server", 15002, create=False)


def test_a_service_that_leads_to_executors_too_does_not_fit():
    by_name = service(selector={"spark-app-name": "connect"})
    assert locate([driver(), EXECUTOR], [by_name], namespace="ilum").create
    assert not locate([driver()], [by_name], namespace="ilum").create


@pytest.mark.parametrize(
    "unfit",
    [
        pytest.param(of_this_run(), id="made by Spark for this run"),
        pytest.param(service(headless=True), id="headless"),
        pytest.param(service(selector={"spark-app-selector": "spark-connect"}), id="selects by the run"),
        pytest.param(service(target=10000, port=10009), id="leads to another port"),
        pytest.param(service(target="thrift"), id="leads to a port that no container declares"),
        pytest.param(service(selector={"app": "other"}), id="selects other pods"),
        pytest.param(service(selector={}), id="selects nothing"),
    ],
)
def test_without_a_fitting_service_one_is_to_be_made_on_labels_that_outlive_the_run(unfit):
    found = locate([driver()], [unfit], namespace="ilum")
    assert found == Location("connect-driver", {"spark-role": "driver", "spark-app-name": "connect"})


def test_a_service_may_have_another_port_and_name_the_pods_port():
    found = locate([driver()], [service(port=443, target="spark-connect")], namespace="ilum")
    assert (found.service, found.port) == ("spark-connect-server", 443)


def test_a_service_that_the_chart_made_is_made_again_or_the_next_upgrade_would_delete_it():
    found = locate([driver()], [service("mage-spark", ours=True)], namespace="ilum")
    assert (found.service, found.create) == ("mage-spark", True)


@pytest.mark.parametrize(
    ("services", "name"),
    [
        ([], "spark-connect-server"),
        ([service("other")], "spark-connect-server"),
        ([service(headless=True)], "mage-spark-connect-server"),
        ([service("mage-spark-connect", ours=True)], "mage-spark-connect"),
        ([service("mage-spark-connect", ours=True), service(ours=True)], "spark-connect-server"),
        ([service("mage", port=6789, target="http", ours=True)], "spark-connect-server"),
    ],
    ids=["none", "others", "taken", "of-before", "of-both", "mages-page"],
)
def test_a_service_to_be_made_has_the_charts_own_name_or_the_one_that_it_had(services, name):
    """Whether or not it fits the driver of now."""
    assert name_to_make(services, "spark-connect-server") == name


def test_a_service_that_the_chart_made_is_used_as_it_is_when_another_release_names_it():
    found = locate([driver()], [service("mage-spark", ours=True)], namespace="ilum", service="mage-spark")
    assert (found.service, found.create) == ("mage-spark", False)


def test_a_service_of_somebody_else_comes_before_one_of_the_chart():
    found = locate([driver()], [service("a-ours", ours=True), service("theirs", port=443)], namespace="ilum")
    assert (found.service, found.create) == ("theirs", False)


def test_a_service_on_the_usual_port_comes_first():
    others = [service("a-other", port=443), service("b-usual")]
    assert locate([driver()], others, namespace="ilum").service == "b-usual"


def test_a_service_that_spreads_over_several_drivers_does_not_fit():
    drivers = [driver("batch", declares=False), driver("connect")]
    found = locate(drivers, [service()], namespace="ilum")
    assert found.service == ""
    assert found.driver == "connect-driver", "the one that declares port 15002"


def test_several_drivers_that_nothing_tells_apart_are_named_and_refused():
    drivers = [driver("a", declares=False), driver("b", declares=False)]
    with pytest.raises(UsageError) as raised:
        locate(drivers, [], namespace="ilum")
    assert "a-driver, b-driver" in raised.value.why
    assert "--driver-label" in raised.value.fix


def test_a_driver_that_runs_connects_class_is_known_without_a_declared_port():
    connect = driver("connect", declares=False)
    known = replace(connect, command=("driver", "--class", "org.apache.spark.sql.connect.service.SparkConnectServer"))
    assert locate([driver("batch", declares=False), known], [], namespace="ilum").driver == "connect-driver"


def test_a_label_chooses_the_driver_and_becomes_part_of_the_selector():
    drivers = [driver("a", declares=False, role="connect"), driver("b", declares=False)]
    found = locate(drivers, [], namespace="ilum", labels={"role": "connect"})
    assert found == Location("a-driver", {"spark-role": "driver", "spark-app-name": "a", "role": "connect"})


def test_drivers_with_the_same_application_name_need_a_label_of_their_own():
    twins = [driver("connect"), SparkPod(name="twin", labels={**driver().labels, "spark-app-selector": "spark-2"})]
    with pytest.raises(UsageError, match="No lasting label"):
        locate(twins, [], namespace="ilum")


def test_a_server_without_sparks_labels_is_never_known_by_no_label_at_all():
    server = SparkPod(name="connect-1", labels={"app": "connect"}, ports=(ContainerPort(15002),))
    with pytest.raises(UsageError, match="No lasting label") as raised:
        locate([server], [], namespace="ilum")
    assert "--driver-label" in raised.value.fix
    assert locate([server], [], namespace="ilum", labels={"app": "connect"}).labels == {"app": "connect"}


def test_a_named_service_that_does_not_lead_there_is_refused():
    with pytest.raises(UsageError, match="Service other in namespace ilum does not lead to port 15002"):
        locate([driver()], [service(), service("other", target=10000)], namespace="ilum", service="other")


def test_no_driver_is_unreachable():
    with pytest.raises(UnreachableError, match="No Spark driver runs in namespace ilum"):
        locate([], [service()], namespace="ilum")


def test_no_driver_with_the_label_says_which_label():
    with pytest.raises(UnreachableError, match="No Spark driver with team=a runs"):
        locate([driver()], [service()], namespace="ilum", labels={"team": "a"})
