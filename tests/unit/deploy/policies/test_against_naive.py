"""The evaluator against a second one that shares nothing with it, over random worlds."""

from itertools import product
from random import Random

import pytest
from tests.unit.deploy.policies.naive import allowed
from tests.unit.deploy.policies.worlds import EVERYTHING, world

from deploykit.deploy.policies import Destination, Reason, evaluate, load, patch, table

SEEDS = range(400)
OUTSIDE = ("203.0.113.9", "2001:db8::1", "192.168.0.1")
PROTOCOLS = ("TCP", "UDP", "SCTP")


def pods_of(objects):
    return [item for item in objects if item["kind"] == "Pod"]


def addresses(item):
    return [item] if isinstance(item, str) else [entry["ip"] for entry in item["status"]["podIPs"]]


def is_named(end):
    """Whether a policy can name an end and no whole namespace: an address, or a pod with labels."""
    return isinstance(end, str) or bool(end["metadata"]["labels"])


def modelled(network, item):
    return item if isinstance(item, str) else network.pod(item["metadata"]["namespace"], item["metadata"]["name"])


def ask(network, question):
    source, target, port, protocol = question
    return evaluate(
        network, source=modelled(network, source), target=modelled(network, target), port=port, protocol=protocol
    )


def questions(objects, seed):
    """Each pair with at least one pod, at some ports."""
    random, ends = Random(seed), [*pods_of(objects), *OUTSIDE]
    for source, target in product(ends, ends):
        if not (isinstance(source, str) and isinstance(target, str)):
            for protocol in random.sample(PROTOCOLS, k=2):
                yield source, target, random.choice(EVERYTHING.numbers), protocol


def test_both_evaluators_give_the_same_answers():
    asked = denied = 0
    for seed in SEEDS:
        objects = world(seed)
        network = load(objects)
        for source, target, port, protocol in questions(objects, seed):
            answer = ask(network, (source, target, port, protocol))
            ways = {
                (a, b): allowed(objects, source=(source, a), target=(target, b), port=port, protocol=protocol)
                for a, b in product(addresses(source), addresses(target))
                if (":" in a) == (":" in b)
            }
            found = {
                (str(path.place.source.address), str(path.place.target.address)): path.allowed for path in answer.paths
            }
            assert found == ways, (seed, source, target, port, protocol)
            asked += len(ways)
            denied += sum(not way for way in ways.values())
    assert asked > 10_000
    assert 0.2 < denied / asked < 0.8, "the worlds are too open or too closed to tell anything"


@pytest.mark.parametrize("seed", SEEDS[:20])
def test_the_order_of_policies_does_not_matter(seed):
    objects = world(seed)
    one, other = load(objects), load(Random(seed).sample(objects, k=len(objects)))
    for question in questions(objects, seed):
        assert ask(one, question).allowed == ask(other, question).allowed


def test_a_patch_allows_what_was_denied_and_denies_nothing_that_was_allowed():
    patched = 0
    for seed in SEEDS[:100]:
        objects = world(seed)
        network = load(objects)
        answers = [(question, ask(network, question)) for question in questions(objects, seed)]
        denied = [question for question, answer in answers if answer.denied and all(map(is_named, question[:2]))]
        for question in Random(seed).sample(denied, k=min(4, len(denied))):
            patched += 1
            after = load([*objects, *patch(ask(network, question))])
            assert ask(after, question).allowed, (seed, question)
            assert all(ask(after, other).allowed for other, before in answers if before.allowed), (seed, question)
    assert patched > 200


def test_every_denial_names_the_policies_that_isolate_and_every_permission_its_rule():
    for seed in SEEDS[:40]:
        objects = world(seed)
        network = load(objects)
        for question in questions(objects, seed):
            for path in ask(network, question).paths:
                for decision in path.decisions:
                    assert bool(decision.allowed_by) == (decision.reason is Reason.RULE)
                    if decision.reason in (Reason.RULE, Reason.NO_RULE):
                        assert decision.policies


def test_the_table_holds_the_answers_to_its_single_questions():
    network = load(world(3))
    kinds = {pod.name: pod for pod in network.pods}
    columns = [Destination(name=pod.name, target=pod, port=7001, protocol="UDP") for pod in network.pods]
    found = table(network, kinds=kinds, destinations=columns)
    assert list(found) == list(kinds)
    for kind, row in found.items():
        for name, answer in row.items():
            assert answer == evaluate(network, source=kinds[kind], target=kinds[name], port=7001, protocol="UDP")
