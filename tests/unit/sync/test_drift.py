"""What counts as drift, and what an image has to be."""

from dataclasses import replace

import pytest
from tests.unit.image.plans import DIGEST, REFERENCE, make, request

from deploykit.image_reference import ImageReference
from deploykit.request import Profile
from deploykit.sync.drift import DEFAULTS, Kind, Policy, Wanted, compare
from deploykit.versions import SparkVersion

IMAGE = ImageReference("registry.example/mage-ilum", "0.9.80-spark4.1.1-connect-00000000", "sha256:" + "1" * 64)
LABELS = {**make().labels, "io.deploykit.platform": "linux/amd64"}


def wanted(client: str = "4.1.1", /, *, server: str = "", **changes: object) -> Wanted:
    return Wanted(
        client=SparkVersion.parse(client),
        server=SparkVersion.parse(server or client),
        request=request(base=REFERENCE, **changes),
        base=REFERENCE,
    )


def kinds(asked: Wanted, image: ImageReference | None = IMAGE, *, present: bool = True, **labels: str) -> list[Kind]:
    found = compare(asked, image, present=present, labels={**LABELS, **labels})
    assert all(drift.acts and drift.before and drift.after for drift in found)
    return [drift.kind for drift in found]


def test_the_image_that_fits_has_not_drifted():
    assert kinds(wanted()) == []
    assert wanted().fits(LABELS)


@pytest.mark.parametrize("server", ["4.1.0", "4.1.2", "4.0.5", "4.2.0", "3.5.7"])
def test_a_server_of_any_other_version_is_drift(server):
    assert kinds(wanted(server)) == [Kind.SERVER]
    assert not wanted(server).fits(LABELS)


def test_what_asks_for_a_client_that_the_server_does_not_run_is_said():
    asked = replace(wanted("3.5.7", server="4.1.1"), because="the client that is pinned")
    [drift] = compare(asked, IMAGE, present=True, labels=LABELS)
    assert str(drift) == "server: Spark 4.1.1 -> 3.5.7, the client that is pinned"


def test_a_pinned_client_that_the_image_has_is_no_drift_whatever_the_server_runs():
    assert kinds(wanted("4.1.1", server="4.2.0", client="4.1.1")) == []


@pytest.mark.parametrize(
    ("changes", "before", "after"),
    [
        ({"profile": Profile.SLIM}, "profile connect", "profile slim"),
        ({"extras": ("jdbc",)}, "with none", "with jdbc"),
        ({"mage": "0.9.81"}, "Mage 0.9.80", "Mage 0.9.81"),
        ({"platform": "linux/arm64"}, "platform linux/amd64", "platform linux/arm64"),
        ({"warm": False}, "warm true", "warm false"),
    ],
)
def test_what_is_asked_for_otherwise_is_drift_of_the_request(changes, before, after):
    [drift] = compare(wanted(**changes), IMAGE, present=True, labels=LABELS)
    assert (drift.kind, drift.before, drift.after) == (Kind.REQUEST, before, after)


def test_where_no_platform_was_asked_for_that_of_the_deployed_image_stays():
    arm = {**LABELS, "io.deploykit.platform": "linux/arm64"}
    free = replace(wanted(), any_platform=True)
    assert compare(free.where_it_runs(arm), IMAGE, present=True, labels=arm) == ()
    assert free.where_it_runs(arm).request.platform == "linux/arm64"
    for deployed in (None, {}, {"io.deploykit.platform": "None/None"}):
        assert free.where_it_runs(deployed) == free
    assert wanted().where_it_runs(arm) == wanted()


def test_only_an_index_of_the_same_platforms_takes_the_place_of_one():
    both = {**LABELS, "io.deploykit.platform": "linux/amd64,linux/arm64"}
    free = replace(wanted(), any_platform=True).where_it_runs(both)
    assert compare(free, IMAGE, present=True, labels=both) == ()
    assert (free.request.platform, free.fits(both), free.fits(LABELS)) == ("linux/amd64", True, False)
    [drift] = compare(wanted().where_it_runs(both), IMAGE, present=True, labels=both)
    assert (drift.kind, drift.after) == (Kind.REQUEST, "platform linux/amd64"), "which was asked for"


@pytest.mark.parametrize("platforms", ["linux/arm64,linux/s390x", "linux/ppc64le,linux/s390x"])
def test_an_index_is_kept_whether_or_not_its_platforms_are_known(platforms):
    several = {**LABELS, "io.deploykit.platform": platforms}
    free = replace(wanted(), any_platform=True).where_it_runs(several)
    assert compare(free, IMAGE, present=True, labels=several) == ()
    assert (free.index_of, free.fits(LABELS)) == (platforms, False)
    assert free.request.platform == ("linux/arm64" if "arm64" in platforms else "linux/amd64")


def test_another_base_is_drift_unless_it_is_the_same_image_under_another_name():
    mirror = replace(wanted(), base="mirror.example/mage:0.9.80")
    assert kinds(mirror) == [Kind.REQUEST]
    assert kinds(replace(mirror, base_digest="sha256:" + "9" * 64)) == [Kind.REQUEST]
    assert kinds(replace(mirror, base_digest=DIGEST)) == []


def test_an_image_from_before_a_label_was_written_is_not_rebuilt_for_it():
    old = {key: text for key, text in LABELS.items() if key not in ("io.deploykit.warm", "io.deploykit.platform")}
    assert compare(wanted(), IMAGE, present=True, labels=old) == ()


def test_an_image_that_the_registry_does_not_have_is_drift():
    assert kinds(wanted(), present=False) == [Kind.IMAGE]
    assert compare(wanted(), IMAGE, present=False, labels=None)[0].kind is Kind.IMAGE


def test_values_without_an_image_or_without_a_digest_are_drift():
    assert kinds(wanted(), None) == [Kind.VALUES]
    assert kinds(wanted(), replace(IMAGE, digest="")) == [Kind.VALUES]


def test_an_image_in_another_repository_is_drift_of_the_request():
    assert kinds(wanted(), replace(IMAGE, repository="registry.example/other"), present=False) == [Kind.REQUEST]


@pytest.mark.parametrize(
    ("image", "fits"), [("4.1.0", False), ("4.1.1", True), ("4.1.4", True), ("4.2.0", False), ("", False)]
)
def test_with_newer_patches_wanted_any_patch_from_the_servers_on_fits(image, fits):
    asked = replace(wanted("4.1.4", server="4.1.1"), newer_patch=True)
    assert asked.spark_fits(image) is fits


def test_only_what_is_not_looked_at_by_every_sync_has_a_policy():
    assert set(DEFAULTS) == set(Kind) - {Kind.SERVER, Kind.IMAGE, Kind.REQUEST, Kind.VALUES}
    assert DEFAULTS[Kind.JAVA] is Policy.REBUILD
