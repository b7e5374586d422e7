"""All sources together: servers, a cluster that is not there, Ilum."""

import time
from contextlib import ExitStack

import pytest
from tests.unit.detect.ilum_core import IlumCore, cluster, job
from tests.unit.mage_ilum import servers

from deploykit.detect.ask import detect
from deploykit.detect.evidence import Confidence
from deploykit.detect.where import Where
from deploykit.errors import IncompatibleError, UnreachableError, UsageError


def answering(stack, version):
    """The address of a server of this version."""
    text = version.encode()
    answer = bytes((8 << 3 | 2, len(text) + 2, 1 << 3 | 2, len(text))) + text
    return f"sc://127.0.0.1:{stack.enter_context(servers.grpc_server(lambda *_: answer))}"


def test_of_several_servers_the_oldest_decides():
    with ExitStack() as stack:
        addresses = [answering(stack, version) for version in ("4.1.1", "3.5.7", "4.0.0")]
        found = detect(Where(servers=tuple(addresses)), timeout=3)
    assert (str(found.version), found.confidence) == ("3.5.7", Confidence.CERTAIN)
    assert {item.where for item in found.evidence} == set(addresses)
    assert "The oldest decides" in found.disagreements[0]


def test_a_silent_one_of_several_servers_may_be_the_oldest_so_there_is_no_answer():
    with ExitStack() as stack:
        known = answering(stack, "4.1.1")
        silent = f"sc://127.0.0.1:{stack.enter_context(servers.refused())}"
        where = Where(servers=(known, silent))
        with pytest.raises(UnreachableError, match="1 of 2 servers do not answer, and the oldest decides") as raised:
            detect(where, timeout=2)
        assert "refused the connection" in raised.value.why
        found = detect(where, timeout=2, partial_answer=True)
    assert str(found.version) == "4.1.1"
    assert [item.source for item in found.not_asked] == ["server"]


def test_a_server_named_twice_is_asked_once():
    with ExitStack() as stack:
        address = answering(stack, "4.1.1")
        assert len(detect(Where(servers=(address, address)), timeout=3).evidence) == 1


def test_a_server_out_of_reach_does_not_keep_ilum_from_answering():
    with ExitStack() as stack:
        ilum = stack.enter_context(IlumCore(clusters=[cluster(image="ilum/spark:4.1.1")]))
        silent = f"sc://127.0.0.1:{stack.enter_context(servers.refused())}"
        found = detect(Where(servers=(silent,), ilum_core=ilum.url), timeout=2)
    assert (str(found.version), found.confidence) == ("4.1.1", Confidence.GUESS)
    assert [item.source for item in found.not_asked] == ["server"]


def test_ilums_plan_does_not_outweigh_the_server_and_is_named_where_it_is_stale():
    with ExitStack() as stack:
        ilum = stack.enter_context(IlumCore(clusters=[cluster(image="ilum/spark:3.5.7")], listed=[job("c", "x:y")]))
        found = detect(Where(servers=(answering(stack, "4.1.1"),), ilum_core=ilum.url), timeout=3)
    assert (str(found.version), found.confidence) == ("4.1.1", Confidence.CERTAIN)
    assert found.disagreements == ("Ilum's cluster default: the Ilum cluster says 3.5.7, but 4.1.1 runs.",)


def test_the_error_of_the_one_source_is_told_as_it_is():
    with servers.refused() as port, pytest.raises(UnreachableError, match="refused the connection to port"):
        detect(Where(servers=(f"sc://127.0.0.1:{port}",)), timeout=2)


def test_where_all_fail_each_is_told():
    with servers.refused() as port:
        where = Where(servers=(f"sc://127.0.0.1:{port}",), ilum_core=f"http://127.0.0.1:{port}")
        with pytest.raises(UnreachableError, match="Nothing says for sure") as raised:
            detect(where, timeout=2)
    assert raised.value.why.count("refused the connection") == 2


@pytest.mark.parametrize("listener", [servers.silent, servers.blackhole])
def test_all_sources_silent_end_within_one_limit(listener):
    with ExitStack() as stack:
        ports = [stack.enter_context(listener()) for _ in range(3)]
        where = Where(
            servers=tuple(f"sc://127.0.0.1:{port}" for port in ports[:2]), ilum_core=f"http://127.0.0.1:{ports[2]}"
        )
        began = time.monotonic()
        with pytest.raises(UnreachableError):
            detect(where, timeout=1, partial_answer=True)
        assert time.monotonic() - began < 1.9


def test_a_server_whose_answer_is_no_version_is_an_error_and_not_a_silence():
    with ExitStack() as stack:
        addresses = (answering(stack, "4.1.1"), answering(stack, "banana"))
        with pytest.raises(IncompatibleError, match="'banana'"):
            detect(Where(servers=addresses), timeout=3, partial_answer=True)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "Nothing to ask"),
        ({"context": "x"}, "Nothing to ask"),
        ({"servers": ("sc://x",), "helm_release": "ilum"}, "does not say in which namespace"),
        ({"servers": ("sc://x",), "helm_release": "/ilum"}, "does not say in which namespace"),
        ({"ilum_core": "http://me:s3cr3t@ilum-core:9888"}, "holds a user or a password"),
    ],
)
def test_what_cannot_be_asked_is_wrong_usage(given, sentence):
    with pytest.raises(UsageError, match=sentence) as raised:
        Where(**given)
    assert "s3cr3t" not in str(vars(raised.value))


@pytest.mark.parametrize(
    ("given", "release"),
    [
        ({"namespace": "spark", "helm_release": "ilum"}, ("spark", "ilum")),
        ({"namespace": "spark", "helm_release": "apps/ilum"}, ("apps", "ilum")),
        ({"servers": ("sc://x",), "helm_release": "apps/ilum"}, ("apps", "ilum")),
        ({"namespace": "spark"}, ("spark", "")),
    ],
)
def test_a_release_is_in_sparks_namespace_unless_it_says_otherwise(given, release):
    assert Where(**given).release == release
