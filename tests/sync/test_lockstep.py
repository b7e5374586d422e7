"""Spark moves under a real server of each version: the image follows, and goes back without a build."""

from tests.sync.lockstep import follow


def test_the_image_follows_the_server_and_goes_back_without_a_build(case, server, record_property):
    case.checkout.values.unlink()  # made by the first sync
    steps = follow(case.checkout, case.proxy, lambda version: ("--server", server(version)))
    record_property("steps", "\n".join(map(str, steps)))
    assert [step.built for step in steps] == [True, True, True, False]
    assert [step.pushes for step in steps] == [1, 1, 1, 0]
    assert steps[3].sent == 0
    assert steps[3].image == steps[1].image
    for step in steps:
        assert case.upstream.missing(step.image.rpartition("@")[2]) == []
