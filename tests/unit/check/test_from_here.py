"""Every way to fail between here and Spark is made for real, and each has its code, its sentence, its step, in time."""

import time

import pytest
from grpc import StatusCode
from tests.unit.check import listeners
from tests.unit.check.listeners import TOKEN, answering, at, never, spark, wants_token, web
from tests.unit.mage_ilum import servers

from deploykit.check import codes
from deploykit.check.from_here import Expected, walk
from deploykit.check.model import LAYERS, Step

LIMIT = 0.8
AT_ONCE = 0.7
"""Seconds, for a server that answers something."""

HERE = Expected(client="4.1.1", python="3.10.13")


def taken(url, expected=HERE, seconds=LIMIT, **settings):
    """The walk, which holds to its time; every layer is in it, and every code is known."""
    begin = time.monotonic()
    found = walk(url, expected, timeout=seconds, **settings)
    assert time.monotonic() - begin < seconds + 0.3
    assert tuple(step.name for step in found.steps) == LAYERS
    assert {step.code for step in found.steps} <= codes.load().keys()
    return found


def blamed(found):
    """The step that failed: alone, with nothing after it, and with the catalogue's step and exit code."""
    [failure] = [step for step in found.steps if step.outcome == "failed"]
    after = found.steps[LAYERS.index(failure.name) + 1 :]
    assert {step.outcome for step in after} <= {"skipped"}
    row = codes.load()[failure.code]
    assert (row.layer, row.exit) == (failure.name, failure.exit_code) == (failure.name, found.exit_code)
    assert failure.fix
    return failure


ADDRESSES = [
    ("", "no-address", "No Spark Connect address"),
    ("spark:15002", "no-scheme", "does not start with sc://"),
    ("https://spark:15002", "no-scheme", "does not start with sc://"),
    ("sc://spark:15002/connect", "path-prefix", "Spark Connect knows no path prefix"),
    ("sc://spark:0", "bad-address", "no usable port"),
    ("sc://spark:15002;use_ssl=true", "bad-address", "without the slash"),
    ("sc://::1:15002", "bad-address", "an IPv6 address goes in brackets"),
    ("sc://me:w0rd@spark", "bad-address", "a user name before the host"),
]


@pytest.mark.parametrize(("url", "code", "says"), ADDRESSES)
def test_an_address_that_cannot_be_read_asks_nobody(url, code, says):
    failure = blamed(found := taken(url))
    assert (failure.code, failure.name, found.exit_code) == (code, "address", 2)
    assert says in failure.sentence
    assert "w0rd" not in str(found.to_json())


ANSWERS = {
    "refused": (at(servers.refused), "refused the connection to port"),
    "closed": (at(servers.closing), "accepts connections and closes them at once"),
    "http1": (at(servers.http1), "speaks HTTP/1, not gRPC"),
    "not-grpc": (at(servers.babbling), "speaks neither gRPC nor HTTP"),
    "tls-refused": (spark(parameters="/;use_ssl=true"), "speaks plain gRPC, and the address asks for TLS"),
    "token-without-tls": (spark(parameters=f"/;token={TOKEN}"), "PySpark sends a token only through TLS"),
    "http2-web": (web(404), "speaks HTTP/2, but not gRPC: HTTP status 404"),
    "http2-login": (web(401), "in the server's place, and does not let this in: HTTP status 401"),
    "no-backend": (web(503), "reaches no server behind it: HTTP status 503"),
    "not-spark": (at(servers.grpc_server), "speaks gRPC, but is no Spark Connect server"),
    "starting": (answering(StatusCode.UNAVAILABLE, "not yet"), "is not ready: UNAVAILABLE: not yet"),
    "failed": (answering(StatusCode.INTERNAL), "answered with an error: INTERNAL: no luck"),
    "token-missing": (wants_token(), "wants a token, and the address has none"),
    "token-wrong": (wants_token(host="localhost", parameters="/;token=other"), "does not accept the token"),
    "forbidden": (answering(StatusCode.PERMISSION_DENIED), "forbids the request"),
}


@pytest.mark.parametrize("code", ANSWERS)
def test_a_server_that_answers_something_else_is_told_at_once(code):
    listener, says = ANSWERS[code]
    with listener() as url:
        begin = time.monotonic()
        failure = blamed(taken(url))
        assert time.monotonic() - begin < AT_ONCE
    assert (failure.code, failure.exit_code) == (code, 4)
    assert says in failure.sentence


def test_an_ingress_that_forbids_is_no_server_that_does():
    with web(403)() as url:
        found = taken(url)
    assert (blamed(found).code, blamed(found).name) == ("http2-login", "grpc"), "gRPC has not answered"


@pytest.mark.parametrize(
    ("code", "listener", "says"),
    [
        ("unreachable", at(servers.blackhole), "No TCP connection to"),
        ("silent", at(servers.silent), "accepts connections, but says nothing"),
        ("slow", never(), "is a gRPC server, but did not answer"),
    ],
)
def test_silence_is_told_when_the_time_is_up(code, listener, says):
    with listener() as url:
        failure = blamed(taken(url))
    assert failure.code == code
    assert says in failure.sentence


def test_a_name_that_dns_does_not_know():
    failure = blamed(taken("sc://no-such-host.invalid"))
    assert (failure.name, failure.code) == ("name", "name-unknown")
    assert failure.sentence == "The name no-such-host.invalid cannot be resolved."


def test_tls_where_plain_was_expected(authority):
    with listeners.tls(authority, parameters="")() as url:
        failure = blamed(taken(url))
    assert (failure.name, failure.code) == ("tls", "tls-required")


def test_a_certificate_that_nobody_trusts_is_blamed_on_tls_though_http2_was_spoken(authority):
    with listeners.tls(authority)() as url:
        failure = blamed(taken(url))
    assert (failure.name, failure.code) == ("tls", "tls-untrusted")


def test_a_page_behind_tls_fails_after_tls(authority):
    with listeners.tls_page(authority)() as url:
        found = taken(url)
    assert blamed(found).code == "http1"
    assert outcomes(found)["tls"] == "ok"


def test_a_proxy_that_leads_nowhere_hides_name_and_protocol(monkeypatch):
    with servers.http1() as proxy:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy}")
        monkeypatch.setenv("no_proxy", "")
        found = taken("sc://spark.example:15002")
    assert blamed(found).code == "proxy"
    assert (found.steps[1].name, found.steps[1].code) == ("name", "proxy-in-use")
    assert "https_proxy" in found.steps[1].sentence


def through_a_proxy(listener, monkeypatch):
    with listener() as url, listeners.proxy(int(url.rpartition(":")[2])) as port:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("no_proxy", "")
        return taken("sc://spark.example:15002")


def test_a_proxy_that_leads_there_hides_what_it_does_itself(monkeypatch):
    found = through_a_proxy(spark(), monkeypatch)
    assert found.exit_code == 0
    assert [step.name for step in found.steps if step.code == "proxy-in-use"] == ["name", "tcp", "tls", "http2"]


def test_what_is_wrong_behind_a_proxy_is_not_blamed_on_it(monkeypatch):
    assert blamed(through_a_proxy(answering(StatusCode.UNAVAILABLE), monkeypatch)).code == "starting"
    assert blamed(through_a_proxy(at(servers.grpc_server), monkeypatch)).code == "not-spark"


def test_a_server_that_starts_is_refused_then_not_ready_then_well(closed_port):
    assert blamed(taken(f"sc://127.0.0.1:{closed_port}")).code == "refused"
    with answering(StatusCode.UNAVAILABLE)() as url:
        assert blamed(taken(url)).code == "starting"
    with never()() as url:
        assert blamed(taken(url)).code == "slow"
    with spark()() as url:
        assert taken(url).exit_code == 0


def outcomes(found):
    return {step.name: step.outcome for step in found.steps}


def test_a_healthy_server_passes_every_step_that_can_be_taken_from_here():
    with spark()() as url:
        begin = time.monotonic()
        found = taken(url)
        assert time.monotonic() - begin < AT_ONCE
    assert (found.exit_code, found.failure, found.server, found.client) == (0, None, "4.1.1", "4.1.1")
    passed = {name for name, outcome in outcomes(found).items() if outcome == "ok"}
    assert passed == {"address", "name", "tcp", "http2", "grpc", "spark-connect", "token", "version"}
    assert [step.code for step in found.steps if step.outcome == "skipped"] == ["plain", "python-unknown", "no-pyspark"]


def test_the_right_token_passes_and_is_never_shown():
    with wants_token(host="localhost", parameters=f"/;token={TOKEN}")() as url:
        found = taken(url)
    assert outcomes(found)["token"] == "ok"
    assert TOKEN not in str(found)
    assert TOKEN not in str(found.to_json())


def test_use_ssl_false_beside_a_token_is_warned_of():
    with spark(parameters=f"/;use_ssl=false;token={TOKEN}")() as url:
        found = taken(url)
    assert (found.steps[0].outcome, found.steps[0].code) == ("warned", "token-without-tls")
    assert blamed(found).code == "token-without-tls"
    assert TOKEN not in str(found)


@pytest.mark.parametrize(
    ("client", "server", "outcome", "code", "exit_code"),
    [
        ("4.1.1", b"4.1.1", "ok", "same", 0),
        ("4.1.0", b"4.1.1", "ok", "patch", 0),
        ("3.5.7", b"4.1.1", "warned", "older-client", 0),
        ("4.2.0", b"4.1.1", "failed", "newer-client", 3),
        ("4.1.1", b"lake", "warned", "unknown", 0),
        (None, b"4.1.1", "skipped", "client-unknown", 0),
    ],
)
def test_the_verdict_on_the_versions(client, server, outcome, code, exit_code):
    with spark(server)() as url:
        found = taken(url, Expected(client=client))
    [step] = [step for step in found.steps if step.name == "version"]
    assert (step.outcome, step.code, found.exit_code) == (outcome, code, exit_code)
    assert server.decode() in step.sentence
    if code in ("newer-client", "client-unknown"):
        assert "deploykit image --spark 4.1.1" in step.fix


@pytest.mark.parametrize(
    ("executors", "outcome", "code"),
    [("3.10", "ok", "same-python"), ("3.11.4", "warned", "python-differs"), (None, "skipped", "python-unknown")],
)
def test_another_python_on_the_executors_is_a_matter_of_udfs_alone(executors, outcome, code):
    with spark()() as url:
        found = taken(url, Expected(client="4.1.1", python="3.10.13", executor_python=executors))
    [step] = [step for step in found.steps if step.name == "python"]
    assert (step.outcome, step.code, found.exit_code) == (outcome, code, 0)
    assert "3.10" in step.sentence


def test_what_the_outside_cannot_tell_is_one_of_these(closed_port):
    failure = blamed(taken(f"sc://127.0.0.1:{closed_port}"))
    first, *causes = failure.why.splitlines()
    assert first == "One of these, the likeliest first:"
    assert [cause.removeprefix("- ") for cause in causes] == list(codes.load()["refused"].causes)
    assert any("NetworkPolicy" in cause for cause in causes)


def test_who_knows_the_cluster_decides(closed_port):
    def decide(step):
        return Step(name=step.name, outcome="failed", code="not-spark", sentence="It is that.", exit_code=4)

    assert taken(f"sc://127.0.0.1:{closed_port}", decide=decide).failure.sentence == "It is that."
