"""Spark Connect jobs against a double of Ilum's REST API, each job with a gRPC server of its own."""

import time
from dataclasses import replace

import grpc
import pytest
from tests.unit.mage_ilum import servers
from tests.unit.mage_ilum.doubles.ilum import Ilum, reserved, spark_connect
from tests.unit.mage_ilum.doubles.kill import SIGNALS, block, kill, until
from tests.unit.mage_ilum.doubles.service import LOST, SILENT

from mage_ilum import (
    AddressError,
    ConnectionProblem,
    JobApi,
    JobFailedError,
    ServiceError,
    SparkConnectJob,
    UsageError,
    dynamic_allocation,
)
from mage_ilum.ilum import jobs

ADDRESS = "sc://127.0.0.1:{app_id}"
SECRET = "s3cr3t-t0ken"


@pytest.fixture
def ilum(monkeypatch):
    for name in ("grpc_proxy", "https_proxy", "http_proxy", "SPARK_CONNECT_AUTHENTICATE_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with Ilum() as service:
        monkeypatch.setenv("ILUM_API_URL", service.api)
        monkeypatch.setenv("ILUM_CONNECT_JOB_URL", ADDRESS)
        yield service


def test_a_job_is_submitted_as_ilums_description_says(ilum):
    with SparkConnectJob("nightly", conf={"spark.a": "b=c"}, cluster="big", fields={"maxRetries": "1"}) as job:
        assert job.name.startswith("nightly-")
    assert ilum.forms == [
        {
            "name": job.name,
            "clusterName": "big",
            "jobClass": "org.apache.spark.sql.connect.service.SparkConnectServer",
            "jobConfig": "spark.kubernetes.driver.label.mage-ilum-job=nightly;spark.a=b=c",
            "maxRetries": "1",
        }
    ]


def test_the_server_answers_inside_the_block_and_the_job_is_gone_after_it(ilum):
    with SparkConnectJob() as job:
        (running,) = ilum.jobs.values()
        assert job.url == f"sc://127.0.0.1:{running['appId']}"
        assert job.id == running["jobId"]
    assert not ilum.jobs
    assert ilum.methods(f"/api/v1/job/{job.id}/stop") == ["POST"]


def test_a_fixed_address_where_a_server_answers_already_is_refused_before_a_job_is_made(ilum):
    with (
        ilum.server() as port,
        pytest.raises(JobFailedError, match=r"answers at sc://127\.0\.0\.1:.* already"),
        SparkConnectJob(address=f"sc://127.0.0.1:{port}"),
    ):
        pass
    assert not ilum.forms


def test_a_fixed_address_works_where_nothing_answered_before(ilum):
    with reserved() as port:
        ilum.server = lambda: spark_connect(port)
        with SparkConnectJob(address=f"sc://127.0.0.1:{port}") as job:
            assert job.url == f"sc://127.0.0.1:{port}"
    assert not ilum.jobs


def test_a_job_whose_port_never_answers_is_destroyed_and_says_why(ilum):
    ilum.server = servers.refused
    with (
        pytest.raises(JobFailedError, match=r"(?s)did not answer within 0.3 s.*refused the connection"),
        SparkConnectJob(timeout=0.3, poll=0.05),
    ):
        pass
    assert not ilum.jobs


def test_an_ilum_that_says_nothing_is_not_waited_for_beyond_the_time_limit(ilum):
    ilum.server = servers.refused
    ilum.faults.append(lambda asked: SILENT if asked.method == "GET" else None)
    begin = time.monotonic()
    with pytest.raises(JobFailedError, match=r"did not answer within 0\.5 s"), SparkConnectJob(timeout=0.5, poll=0.05):
        pass
    assert time.monotonic() - begin < 5


def test_a_job_that_fails_ends_the_wait_and_stays_listed_for_its_log(ilum):
    ilum.server, ilum.state, ilum.error = servers.refused, "FAILED", f"exited with 101, token={SECRET}"
    with (
        pytest.raises(JobFailedError, match=r"(?s)is FAILED, before its server answered.*exited with 101") as caught,
        SparkConnectJob(conf={"spark.connect.authenticate.token": SECRET}),
    ):
        pass
    assert [job["state"] for job in ilum.jobs.values()] == ["FAILED"]
    assert SECRET not in str(caught.value)


def test_a_server_that_wants_another_token_is_not_waited_for(ilum):
    ilum.server = lambda: servers.grpc_server(unauthenticated)
    with pytest.raises(ConnectionProblem, match="wants a token"), SparkConnectJob():
        pass
    assert not ilum.jobs


def unauthenticated(request, context):
    context.abort(grpc.StatusCode.UNAUTHENTICATED, "Invalid or missing authentication token")


def test_a_job_is_destroyed_when_the_block_fails(ilum):
    with pytest.raises(ZeroDivisionError), SparkConnectJob():
        raise ZeroDivisionError
    assert not ilum.jobs


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("opens", [True, False])
def test_a_job_is_destroyed_when_the_block_is_killed(ilum, signal, opens):
    if not opens:
        ilum.server = servers.refused
    code = """if True:
        import time
        from mage_ilum import SparkConnectJob
        with SparkConnectJob():
            print("open", flush=True)
            while True:
                time.sleep(0.05)
    """
    with block(code, {}) as process:
        until(lambda: any(asked.method == "GET" for asked in ilum.asked))
        if opens:
            assert process.stdout.readline() == "open\n"
        kill(process, signal)
        until(lambda: not ilum.jobs)


def test_a_job_whose_answer_was_lost_is_found_by_its_name(ilum):
    def lose(asked):
        ilum.answer(asked)
        return LOST

    ilum.faults.append(lose)
    with SparkConnectJob() as job:
        assert list(ilum.jobs) == [job.id]
    assert not ilum.jobs


def test_a_refused_job_is_told_with_ilums_words_and_not_looked_for(ilum):
    ilum.faults.append(lambda asked: (402, {"message": f"License expired for {SECRET}"}))
    with (
        pytest.raises(ServiceError, match=r"Ilum answers 402: License expired for \*\*\*"),
        SparkConnectJob(conf={"spark.hadoop.fs.s3a.secret.key": SECRET}),
    ):
        pass
    assert [asked.path for asked in ilum.asked] == ["/api/v1/job/submit"]


def test_dynamic_allocation_is_asked_for_in_the_form_too_whose_default_may_win(ilum):
    with SparkConnectJob(conf=dynamic_allocation(1, 8)):
        pass
    (form,) = ilum.forms
    assert (form["dynamicAllocation"], form["minExecutors"], form["maxExecutors"]) == ("true", "1", "8")
    assert "spark.dynamicAllocation.maxExecutors=8" in form["jobConfig"].split(";")


def test_ilum_may_take_a_moment_to_know_its_own_job(ilum):
    ilum.faults.append(lambda asked: (404, None) if asked.method == "GET" else None)
    with SparkConnectJob(poll=0.01):
        assert len(ilum.jobs) == 1


def test_a_job_that_somebody_else_deletes_ends_the_wait(ilum):
    ilum.server = servers.refused
    ilum.faults.extend([lambda asked: ilum.answer(asked) if asked.method == "GET" else None, lambda asked: (404, None)])
    with pytest.raises(JobFailedError, match="is gone, before its server answered"), SparkConnectJob(poll=0.01):
        pass


def test_ilum_may_be_away_while_the_server_starts(ilum):
    ilum.faults.extend([lambda asked: (503, None) if asked.method == "GET" else None])
    with SparkConnectJob(poll=0.01):
        assert len(ilum.jobs) == 1


def test_a_job_that_cannot_be_destroyed_is_told_of(ilum):
    ilum.faults.append(lambda asked: (403, {"message": "not yours"}) if asked.path.endswith("/stop") else None)
    with pytest.warns(RuntimeWarning, match="Ilum may still run the job mage-.*not yours"), SparkConnectJob():
        pass
    until(lambda: not ilum.jobs)  # the guard's process tries once more


def test_a_job_that_does_not_stop_is_told_of_and_stays_listed(ilum, monkeypatch):
    monkeypatch.setattr(jobs, "_REMOVE_SECONDS", 0.5)
    ilum.answer = lambda asked: (200, None) if asked.path.endswith("/stop") else Ilum.answer(ilum, asked)
    with pytest.warns(RuntimeWarning, match="still running 0.5 s after"), SparkConnectJob() as job:
        pass
    assert list(ilum.jobs) == [job.id]
    ilum.jobs.clear()
    until(lambda: "DELETE" in ilum.methods(f"/api/v1/job/{job.id}"))  # by the guard's process, which ends with it


def test_a_job_whose_answer_was_lost_is_destroyed_though_it_could_not_be_looked_for_at_once(ilum):
    def lose(asked):
        ilum.answer(asked)
        return LOST

    ilum.faults.extend([lose, lambda asked: (403, {"message": "not now"})])
    with pytest.raises(ServiceError, match="closed the connection"), SparkConnectJob():
        pass
    assert not ilum.jobs


def test_endpoints_and_fields_are_settings(ilum):
    api = JobApi(submit="spark/new", config_field="conf", stop="spark/{id}/end", delete="spark/{id}", state_key="phase")

    def translate(asked):
        for path, usual in (("spark/new", "job/submit"), ("/end", "/stop"), ("/spark/", "/job/")):
            asked = replace(asked, path=asked.path.replace(path, usual))
        status, content = Ilum.answer(ilum, asked)
        return status, content and {**content, "phase": content.get("state")}

    ilum.answer = translate
    with SparkConnectJob(job_api=api):
        assert len(ilum.jobs) == 1
    assert not ilum.jobs
    assert "conf" in ilum.asked[0].form


@pytest.mark.parametrize(
    ("options", "says", "error"),
    [
        ({"name": "Nightly Job"}, "is no name for a job", UsageError),
        ({"conf": {"spark.a": "b;spark.c=d"}}, "cannot be given the setting 'spark.a'", UsageError),
        ({"address": "http://spark"}, "does not start with sc://", AddressError),
        ({"api": "ilum-core:9888"}, "The address of Ilum cannot be read", AddressError),
    ],
)
def test_a_setting_that_cannot_be_is_refused_before_anything_starts(ilum, options, says, error):
    with pytest.raises(error, match=says):
        SparkConnectJob(**options)


def test_without_an_address_it_says_what_to_set(ilum, monkeypatch):
    monkeypatch.delenv("ILUM_CONNECT_JOB_URL")
    with pytest.raises(AddressError, match="mage-ilum-job=nightly"):
        SparkConnectJob("nightly")


def test_no_secret_is_in_what_a_job_shows_of_itself(ilum):
    job = SparkConnectJob(conf={"spark.connect.authenticate.token": SECRET}, address=f"sc://h:1/;token={SECRET}")
    assert SECRET not in repr(job)


@pytest.mark.parametrize(("minimum", "maximum"), [(2, 1), (-1, 1), (0, 0)])
def test_no_server_has_such_a_number_of_executors(minimum, maximum):
    with pytest.raises(UsageError, match="No server can have between"):
        dynamic_allocation(minimum, maximum)


def test_dynamic_allocation_tracks_shuffles_because_kubernetes_has_no_shuffle_service():
    assert dynamic_allocation(0, 8) == {
        "spark.dynamicAllocation.enabled": "true",
        "spark.dynamicAllocation.shuffleTracking.enabled": "true",
        "spark.dynamicAllocation.minExecutors": "0",
        "spark.dynamicAllocation.maxExecutors": "8",
    }
