"""(client, server) -> verdict."""

import pytest

from deploykit.compat import Verdict, compare, udfs
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


@pytest.mark.parametrize(
    ("image", "executors", "works"),
    [("3.10.13", "3.10", True), ("3.10.13", "3.10.1", True), ("3.10.13", "3.1", False), ("3.11.7", None, None)],
)
def test_python_udfs_need_the_same_minor_version(image, executors, works):
    assert udfs(image, executors).works is works
