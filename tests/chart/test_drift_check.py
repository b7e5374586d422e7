"""The drift check: a CronJob that needs nothing but the image."""

import pytest
from tests.chart.rendering import named, of_kind, pods, rendered

from mage_ilum import check, drift

pytestmark = pytest.mark.usefixtures("needs_helm")


def cronjob(*changes):
    return named(rendered("ilum-services", *changes), "CronJob", "mage-drift-check")["spec"]


def container(spec):
    [only] = spec["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    return only


def test_it_is_off_unless_asked_for():
    assert of_kind(rendered("minimal"), "CronJob") == []


def test_a_difference_is_a_failed_job_that_is_not_tried_again():
    spec = cronjob()
    assert spec["concurrencyPolicy"] == "Forbid"
    assert spec["startingDeadlineSeconds"] > 0
    job = spec["jobTemplate"]["spec"]
    assert job["backoffLimit"] == 0
    assert 600 <= job["activeDeadlineSeconds"] < 3600
    assert job["ttlSecondsAfterFinished"] > 3600
    assert job["template"]["spec"]["restartPolicy"] == "Never"


def test_drift_alone_fails_the_job_with_a_reason_of_its_own():
    fails, ignored = cronjob()["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
    assert fails["action"] == "FailJob"
    name = container(cronjob())["name"]
    assert fails["onExitCodes"] == {"containerName": name, "operator": "In", "values": [drift.DRIFT]}
    assert ignored == {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}


def test_it_runs_what_the_image_has_with_arguments_that_it_knows():
    assert cronjob("driftCheck.schedule='*/5 * * * *'")["schedule"] == "*/5 * * * *"
    for changes, accepted in ((("driftCheck.accept=[]",), ()), ((), ("patch", "older-client"))):
        command = container(cronjob(*changes))["command"]
        assert command[:3] == ["python3", "-m", "mage_ilum.check"]
        options = check.options(command[3:])
        assert (options.drift, options.accept, options.address) == (True, accepted, None)
        assert str(options.termination_message) == "/dev/termination-log", "where the kubelet looks"


def test_it_reaches_the_server_as_blocks_do_and_has_no_right_on_the_cluster():
    [spec] = [spec for kind, _, spec in pods(rendered("ilum-services")) if kind == "drift-check"]
    [test] = [spec for kind, _, spec in pods(rendered("ilum-services")) if kind == "test"]
    assert spec["containers"][0]["env"] == test["containers"][0]["env"]
    assert spec["containers"][0]["image"] == test["containers"][0]["image"]
    assert "serviceAccountName" not in spec
    assert spec["automountServiceAccountToken"] is False


def test_its_name_fits_a_cronjobs_limit_however_long_the_releases_is():
    long = "x" * 40
    [found] = of_kind(rendered("ilum-services", f"fullnameOverride={long}"), "CronJob")
    assert len(found["metadata"]["name"]) <= 52
