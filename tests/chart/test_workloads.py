"""Mage as one pod, or as scheduler and web server."""

import json
import shutil

import pytest
import yaml
from tests.chart.rendering import environment, mage, named, of_kind, pods, rendered, rendered_by, values

from deploykit import assets

pytestmark = pytest.mark.usefixtures("needs_helm")

COMPONENTS = ["scheduler", "web"]


def variables(container):
    return {name: variable.get("value") for name, variable in environment(container).items()}


def test_one_pod_is_replaced_before_the_next_one_comes():
    """It holds the scheduler, and its volume may be on one node only."""
    [deployment] = of_kind(rendered("minimal"), "Deployment")
    assert deployment["spec"]["replicas"] == 1
    assert deployment["spec"]["strategy"] == {"type": "Recreate"}
    assert "INSTANCE_TYPE" not in variables(mage(rendered("minimal")))


def test_a_split_mage_has_a_scheduler_and_a_web_server_of_one_project():
    documents = rendered("split")
    assert {item["metadata"]["name"] for item in of_kind(documents, "Deployment")} == {"mage-scheduler", "mage-web"}
    scheduler, web = (variables(mage(documents, component)) for component in COMPONENTS)
    assert (scheduler["INSTANCE_TYPE"], web["INSTANCE_TYPE"]) == ("scheduler", "web_server")
    shared = {"USER_CODE_PATH", "MAGE_DATA_DIR", "MAGE_BASE_PATH", "REQUIRE_USER_AUTHENTICATION"}
    assert [scheduler[name] for name in shared] == [web[name] for name in shared]
    for component in COMPONENTS:
        container = mage(documents, component)
        assert {"name": "home-src", "persistentVolumeClaim": {"claimName": "mage"}} in container["pod"]["volumes"]
        for name, secret in {"MAGE_DATABASE_CONNECTION_URL": "mage-database", "REDIS_URL": "mage-redis"}.items():
            assert environment(container)[name]["valueFrom"] == {"secretKeyRef": {"name": secret, "key": name}}


def test_each_half_has_its_own_resources_or_those_of_both():
    documents = rendered("split")
    assert mage(documents, "scheduler")["resources"]["requests"] == {"cpu": "1", "memory": "4Gi"}
    assert mage(documents, "web")["resources"] == mage(rendered("minimal"))["resources"]


def test_two_schedulers_run_at_once_only_where_redis_lets_them_take_turns():
    def strategy(component, *changes):
        return named(rendered("split", *changes), "Deployment", f"mage-{component}")["spec"]["strategy"]["type"]

    assert [strategy(component) for component in COMPONENTS] == ["RollingUpdate", "RollingUpdate"]
    single = ("mageai.scheduler.replicaCount=1", "mageai.webServer.replicaCount=1")
    assert [strategy(component, *single) for component in COMPONENTS] == ["Recreate", "RollingUpdate"]


def test_only_where_there_are_more_pods_than_one_are_some_kept_from_eviction():
    [scheduler, web] = of_kind(rendered("split"), "PodDisruptionBudget")
    for budget, component in ((scheduler, "scheduler"), (web, "web")):
        assert budget["metadata"]["name"] == f"mage-{component}"
        assert budget["spec"]["maxUnavailable"] == 1
        deployment = named(rendered("split"), "Deployment", f"mage-{component}")
        assert budget["spec"]["selector"] == deployment["spec"]["selector"]
    one = rendered("split", "mageai.scheduler.replicaCount=1", "mageai.webServer.replicaCount=1")
    assert of_kind(one + rendered("minimal"), "PodDisruptionBudget") == []
    off = rendered("split", "mageai.podDisruptionBudget.enabled=false")
    assert of_kind(off, "PodDisruptionBudget") == []
    half = rendered("split", 'mageai.podDisruptionBudget.maxUnavailable="50%"')
    assert {budget["spec"]["maxUnavailable"] for budget in of_kind(half, "PodDisruptionBudget")} == {"50%"}


def test_pods_are_spread_among_their_own_kind_unless_it_is_said_among_whom():
    [constraint] = mage(rendered("split"), "web")["pod"]["topologySpreadConstraints"]
    selector = named(rendered("split"), "Deployment", "mage-web")["spec"]["selector"]
    assert constraint["labelSelector"] == selector
    assert constraint["topologyKey"] == "topology.kubernetes.io/zone"
    own = "{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {a: b}}}"
    changed = rendered("minimal", f"mageai.topologySpreadConstraints=[{own}]")
    assert mage(changed)["pod"]["topologySpreadConstraints"][0]["labelSelector"] == {"matchLabels": {"a": "b"}}


def test_the_priority_class_is_that_of_all_of_mages_pods():
    classes = {mage(rendered("split"), component)["pod"]["priorityClassName"] for component in COMPONENTS}
    assert classes == {"business-critical"}


@pytest.mark.parametrize(
    ("name", "component", "path"),
    [
        ("minimal", "server", "/api/status"),
        ("company", "server", "/external/mageai/api/status"),
        ("split", "scheduler", "/mage/api/status"),
        ("split", "web", "/mage/api/status"),
    ],
)
def test_probes_ask_for_the_status_under_the_base_path(name, component, path):
    container = mage(rendered(name), component)
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"] == {"path": path, "port": "http"}


def test_a_slow_start_is_given_the_time_that_it_was_promised():
    documents = rendered("minimal", "mageai.startupSeconds=900")
    probe = mage(documents)["startupProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] == 900
    assert named(documents, "Deployment", "mage")["spec"]["progressDeadlineSeconds"] > 900


def test_a_web_server_waits_until_no_request_comes_before_it_is_stopped():
    def waits(*changes):
        web = mage(rendered("split", *changes), "web")
        [program, seconds] = web["lifecycle"]["preStop"]["exec"]["command"]
        assert program == "sleep"
        return int(seconds), web["pod"]["terminationGracePeriodSeconds"]

    seconds, in_all = waits()
    assert seconds < in_all / 2
    assert waits("mageai.webServer.preStopSeconds=30", "mageai.terminationGracePeriodSeconds=45") == (30, 45)
    assert "lifecycle" not in mage(rendered("split"), "scheduler")


def test_what_is_extra_is_in_mages_pod():
    container = mage(rendered("ilum-services"))
    pod = container["pod"]
    assert [item["name"] for item in pod["initContainers"]] == ["fetch-reports"]
    assert [item["name"] for item in pod["containers"]] == ["mage", "database-proxy"]
    assert {"name": "reports", "mountPath": "/opt/reports", "readOnly": True} in container["volumeMounts"]
    assert {"name": "reports", "configMap": {"name": "reports"}} in pod["volumes"]
    account = named(rendered("ilum-services"), "ServiceAccount", "mage")
    assert "eks.amazonaws.com/role-arn" in account["metadata"]["annotations"]


def test_a_new_version_of_the_chart_starts_no_pod_anew(tmp_path):
    """A block that runs in Mage's pod would end with it."""
    newer = shutil.copytree(assets.chart(), tmp_path / "chart")
    described = yaml.safe_load((newer / "Chart.yaml").read_text())
    (newer / "Chart.yaml").write_text(yaml.safe_dump(described | {"version": "9.9.9", "appVersion": "9.9"}))
    given = values("split", "driftCheck.enabled=true")

    def templates(folder):
        documents = rendered_by(folder, given)
        found = [document["spec"]["template"] for document in of_kind(documents, "Deployment")]
        return [*found, cronjob_pod(documents), named(documents, "ConfigMap", "mage-executor")["data"]]

    assert templates(newer) == templates(assets.chart())
    assert "9.9.9" in str(rendered_by(newer, given)), "objects say which chart made them"


def test_labels_of_the_users_own_take_none_of_the_charts_away():
    changed = rendered("minimal", "mageai.podLabels={team: risk, app.kubernetes.io/component: other}")
    [deployment] = of_kind(changed, "Deployment")
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert labels["team"] == "risk"
    assert deployment["spec"]["selector"]["matchLabels"].items() <= labels.items()


def test_blocks_get_the_addresses_of_ilums_services_that_are_on_and_their_credentials_by_reference():
    variables_ = environment(mage(rendered("ilum-services")))
    assert variables_["ILUM_SQL_URL"]["value"].startswith("hive://mage@ilum-sql-thrift-binary.ilum.svc")
    assert variables_["ILUM_LIVY_URL"]["value"] == "http://ilum-livy-proxy.ilum.svc.cluster.local:8998"
    assert variables_["ILUM_API_URL"]["value"] == "http://ilum-core.ilum.svc.cluster.local:9888/api/v1"
    assert "ILUM_LIVY_TOKEN" not in variables_, "no Secret was named"
    for name in ("ILUM_API_TOKEN", "ILUM_API_USER", "ILUM_API_PASSWORD"):
        assert variables_[name]["valueFrom"]["secretKeyRef"] == {"name": "ilum-api", "key": name, "optional": True}
    other = rendered("minimal", "ilum.sql={enabled: true, namespace: lake}", "ilum.clusterDomain=corp.local")
    sql = environment(mage(other))["ILUM_SQL_URL"]["value"]
    assert sql == "hive://ilum-sql-thrift-binary.lake.svc.corp.local:10009/default"
    assert not any(
        name.startswith(("ILUM_SQL", "ILUM_LIVY", "ILUM_API")) for name in variables(mage(rendered("split"), "web"))
    )


def test_helm_test_and_the_drift_check_run_on_mages_nodes_and_beside_its_pods():
    nodes = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": []}}
    affinity = json.dumps({"nodeAffinity": nodes, "podAntiAffinity": {"x": []}})
    found = {kind: spec for kind, _, spec in pods(rendered("ilum-services", f"mageai.affinity={affinity}"))}
    assert found["server"]["affinity"] == json.loads(affinity)
    for kind in ("test", "drift-check"):
        assert found[kind]["affinity"] == {"nodeAffinity": nodes}


def test_the_volumes_claim_has_labels_and_annotations_of_the_users_own_beside_its_own():
    own = "mageai.persistence={labels: {backup: daily}, annotations: {helm.sh/resource-policy: x, k10: 'yes'}}"
    metadata = named(rendered("minimal", own), "PersistentVolumeClaim", "mage")["metadata"]
    assert metadata["annotations"] == {"helm.sh/resource-policy": "keep", "k10": "yes"}
    assert metadata["labels"]["backup"] == "daily"


def test_probes_have_the_users_timings():
    own = "{periodSeconds: 7, timeoutSeconds: 8, failureThreshold: 9}"
    container = mage(rendered("minimal", f"mageai.livenessProbe={own}", f"mageai.readinessProbe={own}"))
    for probe in ("livenessProbe", "readinessProbe"):
        assert {**yaml.safe_load(own), "httpGet": container["startupProbe"]["httpGet"]} == container[probe]


def test_both_deployments_have_the_users_annotations():
    own = "mageai.deploymentAnnotations={reloader.stakater.com/auto: 'true'}"
    for deployment in of_kind(rendered("split", own), "Deployment"):
        assert deployment["metadata"]["annotations"] == {"reloader.stakater.com/auto": "true"}


@pytest.mark.parametrize(
    ("account", "name", "made"),
    [
        ("{}", "mage", True),
        ("{name: own}", "own", False),
        ("{create: false, name: own}", "own", False),
        ("{create: true, name: mageai}", "mageai", True),
        ("{create: true}", "mage", True),
    ],
)
def test_the_account_is_made_or_brought(account, name, made):
    """`create` with a name means what it means in Mage's own chart, a name alone what it has meant in this one."""
    documents = rendered("minimal", f"mageai.serviceAccount={account}")
    assert mage(documents)["pod"]["serviceAccountName"] == name
    assert [item["metadata"]["name"] for item in of_kind(documents, "ServiceAccount")] == [name] * made


def test_a_load_balancer_takes_connections_from_the_ranges_that_are_named():
    ranges = ["198.51.100.0/24", "2001:db8::/32"]
    service = json.dumps({"type": "LoadBalancer", "loadBalancerSourceRanges": ranges})
    found = named(rendered("minimal", f"mageai.service={service}"), "Service", "mage")
    assert found["spec"]["loadBalancerSourceRanges"] == ranges


def test_a_load_balancer_keeps_its_callers_address_and_is_made_by_whom_it_says():
    own = {"externalTrafficPolicy": "Local", "loadBalancerClass": "service.k8s.aws/nlb"}
    service = json.dumps({"type": "LoadBalancer", "nodePort": 30080, "labels": {"a": "b"}, **own})
    found = named(rendered("minimal", f"mageai.service={service}"), "Service", "mage")
    assert own.items() <= found["spec"].items()
    assert found["spec"]["ports"][0]["nodePort"] == 30080
    assert found["metadata"]["labels"].items() > {"a": "b"}.items()
    plain = named(rendered("minimal"), "Service", "mage")["spec"]
    assert plain.keys() == {"type", "selector", "ports"}
    assert plain["ports"][0].keys() == {"name", "port", "targetPort"}


def test_no_pod_can_fill_its_nodes_disk():
    def limits(*changes):
        volumes = [volume for _, _, spec in pods(rendered("ilum-services", *changes)) for volume in spec["volumes"]]
        return {volume["name"]: volume["emptyDir"] for volume in volumes if "emptyDir" in volume}

    scratch = {"sizeLimit": "10Gi"}
    assert limits() == {"home": scratch, "tmp": scratch, "scratch": scratch}
    assert limits("mageai.persistence.enabled=false")["home-src"] == {"sizeLimit": "5Gi"}
    assert set(map(str, limits("mageai.scratchSizeLimit=''").values())) == {"{}"}


def test_every_pod_has_the_labels_of_the_company_beside_its_own():
    """A label that a policy selects by stays the chart's."""
    own = "mageai.podLabels={team: risk, app.kubernetes.io/component: other}"
    found = {kind: labels for kind, labels, _ in pods(rendered("split", "driftCheck.enabled=true", own))}
    assert found.keys() == {"scheduler", "web", "worker", "test", "drift-check"}
    assert {labels["team"] for labels in found.values()} == {"risk"}


def cronjob_pod(documents):
    return named(documents, "CronJob", "mage-drift-check")["spec"]["jobTemplate"]["spec"]["template"]


def test_what_asks_spark_once_has_the_annotations_of_mages_pods():
    """Without them a mesh's sidecar keeps a test, and a Job, from ending."""
    own = "mageai.podAnnotations={sidecar.istio.io/inject: 'false', helm.sh/hook: other}"
    documents = rendered("minimal", "driftCheck.enabled=true", own)
    [test] = of_kind(documents, "Pod")
    for pod in (test, cronjob_pod(documents)):
        assert pod["metadata"]["annotations"]["sidecar.istio.io/inject"] == "false"
    assert test["metadata"]["annotations"]["helm.sh/hook"] == "test"
    assert "annotations" not in cronjob_pod(rendered("minimal", "driftCheck.enabled=true"))["metadata"]
