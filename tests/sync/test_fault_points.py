"""Each call of a sync goes wrong in each way: nothing is left half-done, and the next sync ends well.

CI runs a few of these points, a person all of them, or one of each call: DEPLOYKIT_TEST_FAULTS=all, or =each.
"""

from dataclasses import replace

import pytest
from tests.sync.conftest import SPARK
from tests.sync.invariant import broken, left_behind, told
from tests.sync.matrix import ALL, EACH, chosen
from tests.sync.points import CALLS, LOGINS, OPTIONS, POINTS, one_for_each_call
from tests.sync.upstream import Upstream

IMAGES_ALONE = "The registry does not take the bill of materials."
"""What it says where the registry forbids that and nothing else; then the image is deployed without one."""
FEW = {"idle": 7, "find": 11, "build": 5, "append": 2}


def points():
    """All, or one of each call, or few of each scenario; but for all, none that Docker tries again for long."""
    if ALL:
        return POINTS
    usable = [point for point in POINTS if not point.tiresome]
    if EACH:
        return one_for_each_call(usable)
    return [
        point
        for scenario, few in FEW.items()
        for point in chosen([point for point in usable if point.scenario == scenario], few)
    ]


@pytest.fixture(scope="module")
def synced() -> dict[Upstream, dict[str, bytes]]:
    """The repository and the files of the first case that was synced to the image that fits."""
    return {}


@pytest.fixture
def begin(case, synced):
    """Brings the case to where a scenario begins. Where nothing has changed nothing is written: such cases share one
    repository, and what one sync left.
    """

    def begin(scenario):
        if scenario == "find" or (scenario == "idle" and not synced):
            case.fitting()
        if scenario == "idle" and not synced:
            done = case.checkout.sync()
            assert done.code == 0, done.err
            synced[case.upstream] = {path.name: path.read_bytes() for path in case.checkout.folder.glob("*.*")}
        case.proxy.heal()
        if scenario != "idle":
            return case
        [(upstream, files)] = synced.items()
        for name, content in files.items():
            (case.checkout.folder / name).write_bytes(content)
        return replace(case, upstream=upstream)

    return begin


@pytest.mark.parametrize("scenario", CALLS)
def test_every_call_of_a_sync_has_its_fault_points(begin, scenario):
    case = begin(scenario)
    done = case.checkout.sync(*OPTIONS.get(scenario, ()))
    assert done.code == 0, done.err
    known = {f"{on.by} {on.kind}" for calls in CALLS.values() for on in calls}
    assert set(case.proxy.counted()) <= known
    assert case.proxy.counted()["deploykit token"] <= LOGINS[scenario]


def test_one_fault_for_each_call_leaves_out_no_call_and_no_kind_of_fault():
    each = one_for_each_call(point for point in POINTS if not point.tiresome)
    assert [(point.scenario, str(point.on)) for point in each] == [
        (scenario, str(on)) for scenario, calls in CALLS.items() for on in calls
    ]
    assert {point.wrong for point in each} == {point.wrong for point in POINTS}


def test_with_nothing_to_do_it_asks_the_registry_once_beside_its_token_and_takes_less_than_a_second(
    begin, record_property
):
    case = begin("idle")
    done = case.checkout.sync()
    calls = {"deploykit challenge": 1, "deploykit token": 1, "deploykit HEAD manifest by digest": 1}
    assert case.proxy.counted() == calls
    assert sum(call.down for call in case.proxy.calls if call.kind != "token") < 1024
    seconds = [done.result["seconds"], *(case.checkout.sync().result["seconds"] for _ in range(2))]
    record_property("seconds", seconds)
    assert min(seconds) < 1  # other tests run beside this one


@pytest.mark.parametrize("point", points(), ids=str)
def test_a_fault_leaves_all_whole_and_the_next_sync_ends_well(begin, point, record_property):
    options = OPTIONS.get(point.scenario, ())
    case = begin(point.scenario)
    before = case.checkout.values.read_bytes()

    case.proxy.inject(point.on, point.fault)
    finished = case.checkout.sync(*options)
    record_property("code", finished.code)
    record_property("said", finished.err[-600:])
    assert case.proxy.met, "the call did not come"
    assert finished.code in point.codes, finished.err
    assert told(finished, case.proxy.secrets) == []
    assert broken(case.upstream, case.checkout, before=before) == []
    assert left_behind(case.checkout) == []

    case.proxy.heal()
    again = case.checkout.sync(*options)
    assert again.code == 0, again.err
    assert SPARK in case.checkout.image()["tag"]
    assert broken(case.upstream, case.checkout, before=before) == []
    without = IMAGES_ALONE in finished.err
    assert not without or point.wrong == "not allowed"
    assert case.upstream.attached(case.checkout.image()["digest"]) is not without
