"""Two syncs at once: in one checkout, and in two that share nothing but the registry."""

import json
import shutil
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.sync import faults
from tests.sync.calls import On
from tests.sync.checkout import Checkout, own_cache
from tests.sync.conftest import SPARK
from tests.sync.invariant import broken
from tests.sync.matrix import chosen

LATER = [0.2 * number for number in range(20)]
"""Seconds by which the second begins later: it meets the first at each of its steps."""


@pytest.fixture(params=chosen(LATER, 1))
def later(request):
    return request.param


def both(first, second, later, *, environments=({}, {})):
    """Run both to their ends; returns what each says. Where one fails, what the other said is told too."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        one = pool.submit(first.sync, environment=environments[0], seconds=180)
        time.sleep(later)  # this is the distance that the test is about
        two = pool.submit(second.sync, environment=environments[1], seconds=180)
    ended = [one.result(), two.result()]
    said = "\n".join(f"{name} ended with {sync.code}: {sync.err}" for name, sync in zip("12", ended, strict=True))
    assert [sync.code for sync in ended] == [0, 0], said
    assert "Traceback" not in said
    return [sync.result for sync in ended]


def test_in_one_checkout_the_second_waits_and_has_nothing_to_do(case, later, record_property):
    before = case.checkout.values.read_bytes()
    found = both(case.checkout, case.checkout, later)
    assert broken(case.upstream, case.checkout, before=before) == []
    assert SPARK in case.checkout.image()["tag"]
    assert Counter(each["built"] for each in found) == {True: 1, False: 1}
    assert len(json.loads(case.checkout.record.read_text())["syncs"]) == 1


def test_two_machines_come_to_one_image(case, later, tmp_path_factory):
    folder = tmp_path_factory.mktemp("other")
    shutil.copytree(case.checkout.folder, folder, dirs_exist_ok=True)
    other = Checkout(folder=folder, environment=case.checkout.environment)
    before = case.checkout.values.read_bytes()
    machines = [own_cache(tmp_path_factory.mktemp("cache"), "inventories", "blobs", "wheels") for _ in ("one", "two")]
    found = both(case.checkout, other, later, environments=machines)
    for checkout in (case.checkout, other):
        assert broken(case.upstream, checkout, before=before) == []
    assert case.checkout.image() == other.image()
    assert found[0]["digest"] == found[1]["digest"]


def test_a_registry_that_stumbles_over_another_push_is_pushed_to_once_more(case):
    """As the registry of the testbed does when it is asked for a blob whose entry another push is writing."""
    case.proxy.inject(On(kind="POST upload", by="docker", nth=3, times=1), faults.status(500))
    done = case.checkout.sync()
    assert done.code == 0, done.err
    assert case.proxy.met == 1
    assert "pushed to once more: received unexpected HTTP status: 500" in done.err
    assert case.upstream.missing(case.checkout.image()["digest"]) == []


BETWEEN = (
    On(kind="PUT manifest by tag", by="docker", times=1, what="ours is pushed over theirs"),
    On(kind="HEAD manifest by tag", by="deploykit", nth=2, times=1, what="theirs is pushed over ours"),
    On(kind="HEAD manifest by tag", by="deploykit", nth=3, times=1, what="theirs comes when ours was looked at"),
)
"""Calls of a sync that has seen no such tag; before each, another machine pushes its build of the same inputs."""


def test_a_registry_that_fails_while_another_machine_pushes_keeps_what_that_one_pushed(case):
    theirs = []

    def push_and_fail(exchange) -> None:
        labels = {"org.example.built-by": "another machine"}
        theirs.append(
            case.upstream.copy(case.template.tag, case.template.upstream, as_tag=case.template.tag, labels=labels)
        )
        faults.status(500)(exchange)

    case.proxy.inject(On(kind="PUT manifest by tag", by="docker", times=1), push_and_fail)
    done = case.checkout.sync()
    assert done.code == 0, done.err
    assert case.checkout.image()["digest"] == theirs[0] == case.upstream.manifest(case.template.tag)[0]


@pytest.mark.parametrize("call", chosen(BETWEEN, 2), ids=str)
def test_values_name_what_the_tag_names_where_two_machines_push_different_builds(case, call):
    before = case.checkout.values.read_bytes()
    tag = case.template.tag
    theirs = []

    def push() -> None:
        build = {"org.example.built-by": "another machine"}
        theirs.append(case.upstream.copy(tag, case.template.upstream, as_tag=tag, labels=build))

    case.proxy.inject(call, faults.before(push))
    done = case.checkout.sync()
    assert done.code == 0, done.err
    assert broken(case.upstream, case.checkout, before=before) == []
    image = case.checkout.image()
    assert image["tag"] == tag
    assert (image["digest"] in theirs) is (call.by == "deploykit")
    assert case.upstream.attached(image["digest"])
