"""(client, server) -> verdict."""

import pytest

from deploykit import catalog
from deploykit.compat import Verdict, client_for, compare, udfs
from deploykit.errors import IncompatibleError, UsageError
from deploykit.versions import SparkVersion


@pytest.mark.parametrize(
    ("client", "server", "verdict"),
    [
        ("4.1.1", "4.1.1", Verdict.SAME),
        ("3.5.3", "3.5.3-delta", Verdict.SAME),
        ("4.1.1", "4.1.4", Verdict.PATCH),
        ("4.1.4", "4.1.1", Verdict.PATCH),
        ("3.5.7", "4.1.1", Verdict.OLDER_CLIENT),
        ("4.0.5", "4.1.0", Verdict.OLDER_CLIENT),
        ("4.1.0", "4.0.5", Verdict.NEWER_CLIENT),
        ("4.0.0", "3.5.9", Verdict.NEWER_CLIENT),
        ("4.10.0", "4.9.0", Verdict.NEWER_CLIENT),
    ],
)
def test_the_verdict_follows_from_the_two_lines(client, server, verdict):
    assert compare(SparkVersion.parse(client), SparkVersion.parse(server)) is verdict


def test_every_verdict_says_what_it_means():
    assert len({verdict.sentence for verdict in Verdict}) == len(Verdict)


def test_the_client_is_the_server_s_own_version_unless_an_older_one_is_asked_for():
    server, known = SparkVersion.parse("4.0.5-delta"), catalog.load()
    assert client_for(server, None, known) == SparkVersion.parse("4.0.5")
    assert client_for(server, "3.5.7", known) == SparkVersion.parse("3.5.7")
    with pytest.raises(UsageError):
        client_for(server, "4.0", known)
    with pytest.raises(IncompatibleError, match=r"newer than the server, Spark 4\.0\.5-delta at here\.") as caught:
        client_for(server, "4.1.1", known, where="here", because="Two share it. ")
    assert caught.value.why == "Two share it. A newer client breaks on an older server: createDataFrame fails."
    assert caught.value.fix == "--client 4.0.5, or leave --client out"


@pytest.mark.parametrize(
    ("image", "executors", "works"),
    [("3.10.13", "3.10", True), ("3.10.13", "3.10.1", True), ("3.10.13", "3.1", False), ("3.11.7", None, None)],
)
def test_python_udfs_need_the_same_minor_version(image, executors, works):
    assert udfs(image, executors).works is works
