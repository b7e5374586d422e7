"""What is not safe is refused in a sentence: why, and what to type."""

from dataclasses import replace

import pytest
from tests.unit.sync.environments import environment, server

from deploykit import catalog
from deploykit.detect.evidence import Confidence, merge
from deploykit.errors import IncompatibleError
from deploykit.sync import client
from deploykit.sync.drift import DEFAULTS, Kind, Policy

pytestmark = pytest.mark.usefixtures("isolated")


def refused(version: str, **changes: object) -> IncompatibleError:
    def plan() -> None:
        client.refuse_what_cannot_be_carried(client.wanted(environment(**changes), server(version)))

    with pytest.raises(IncompatibleError) as caught:
        plan()
    assert caught.value.why
    assert caught.value.fix
    return caught.value


def test_the_client_follows_the_server():
    wanted = client.wanted(environment(), server("4.1.2"))
    assert (wanted.client.release, wanted.server.release, wanted.newer_patch) == ("4.1.2", "4.1.2", False)
    assert wanted.base == catalog.load().mage["0.9.80"].reference
    client.refuse_what_cannot_be_carried(wanted)


def test_the_flavour_of_a_server_is_no_part_of_the_client():
    assert str(client.wanted(environment(), server("3.5.3-delta")).client) == "3.5.3"


def test_a_server_newer_than_any_known_line_is_refused_and_the_newest_client_that_fits_is_named():
    error = refused("5.0.0")
    assert error.what == "Spark 5.0.0 at sc://spark:15002 is of a line that this deploykit does not know."
    assert "The image that is deployed stays: an older client works with a newer server." in error.why
    newest = catalog.load().newest_patch("4.2")
    assert error.fix == f"a newer deploykit, or an older client: --client {newest}"


def test_with_an_older_client_pinned_a_server_of_an_unknown_line_is_fine():
    wanted = client.wanted(environment(client="4.2.0"), server("5.0.0"))
    assert wanted.client.release == "4.2.0"


def test_a_line_that_this_mage_cannot_carry_is_refused():
    error = refused("4.3.0")
    assert error.what.startswith("Spark 4.3.0 needs Python >=3.11;")
    assert "The image that is deployed stays" in error.why
    assert "--client 4.2." in error.fix


def test_a_base_that_nobody_read_yet_is_not_judged_before_it_is_read():
    client.refuse_what_cannot_be_carried(
        client.wanted(environment(base="mirror.example/mage:python3.11"), server("4.3.0"))
    )


def test_a_pinned_client_that_is_newer_than_a_server_is_refused():
    error = refused("4.0.5", client="4.1.1")
    assert error.what == "A client of Spark 4.1.1 is newer than the server, Spark 4.0.5 at sc://spark:15002."
    assert 'client = "4.0.5"' in error.fix


def test_of_servers_that_share_the_image_the_oldest_decides_and_a_newer_client_is_refused():
    old, new = server("4.0.5", where="sc://old:15002"), server("4.1.1", where="sc://new:15002")
    both = merge([*old.detection.evidence, *new.detection.evidence])
    shared = replace(old, version=both.version, detection=both)
    wanted = client.wanted(environment(), shared)
    assert (wanted.client.release, wanted.because) == ("4.0.5", "as sc://old:15002 is the oldest")
    assert client.wanted(environment(), old).because == ""
    assert client.wanted(environment(client="3.5.7"), shared).because == "the client that is pinned"
    with pytest.raises(IncompatibleError) as caught:
        client.wanted(environment(client="4.1.1"), shared)
    assert caught.value.why.startswith("2 servers share the image, and the oldest decides.")


def test_a_newer_patch_is_wanted_only_where_its_policy_says_so():
    policies = {**DEFAULTS, Kind.PATCH: Policy.REBUILD}
    wanted = client.wanted(environment(policies=policies), server("4.1.0"))
    assert wanted.newer_patch
    assert wanted.client == catalog.load().newest_patch("4.1")
    assert not client.wanted(environment(policies=policies, client="4.1.0"), server("4.1.0")).newer_patch


@pytest.mark.parametrize(
    ("sure", "asked", "fine"),
    [
        (Confidence.CERTAIN, Confidence.MEDIUM, True),
        (Confidence.MEDIUM, Confidence.MEDIUM, True),
        (Confidence.LOW, Confidence.MEDIUM, False),
        (Confidence.LOW, Confidence.LOW, True),
        (Confidence.HIGH, Confidence.CERTAIN, False),
    ],
)
def test_an_image_is_changed_only_for_what_is_sure_enough(sure, asked, fine):
    found = server("4.1.1", confidence=sure)
    if fine:
        client.refuse_doubt(environment(confidence=asked), found)
    else:
        with pytest.raises(IncompatibleError, match="not sure enough") as caught:
            client.refuse_doubt(environment(confidence=asked), found)
        assert "ilum/driver-0: the driver label says 4.1.1" in caught.value.why
        assert f'confidence = "{sure}"' in caught.value.fix


def test_evidence_that_leaves_the_version_open_is_refused():
    with pytest.raises(IncompatibleError, match="leaves open which Spark") as caught:
        client.refuse_doubt(environment(), server("4.1.1", "4.0.5", confidence=Confidence.HIGH))
    assert "4.1.1" in caught.value.why
    assert "4.0.5" in caught.value.why
