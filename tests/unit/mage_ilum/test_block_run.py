"""Whose code it is that runs."""

import threading
from concurrent.futures import ThreadPoolExecutor

from mage_ilum.sessions import block_run
from mage_ilum.sessions.block_run import BlockRun, current_block_run, running

LOAD = BlockRun("sales", "load", "7/20261123T000000")
CLEAN = BlockRun("sales", "clean", "7/20261123T000000")


def test_a_tag_has_no_comma_and_is_never_empty():
    assert BlockRun("a,b", "load").tags == ("mage.pipeline=a_b", "mage.block=load")


def test_outside_of_a_block_there_is_none():
    assert current_block_run() is None
    with running(LOAD):
        assert current_block_run() == LOAD
    assert current_block_run() is None


def test_a_thread_of_the_only_block_belongs_to_it():
    with running(LOAD), ThreadPoolExecutor(1) as pool:
        assert pool.submit(current_block_run).result() == LOAD


class Ending(list):
    """Blocks that end, in a thread of their own, right after somebody has seen how many they are."""

    def __len__(self):
        many = super().__len__()
        self.clear()
        return many


def test_a_block_may_end_while_another_thread_asks_for_it(monkeypatch):
    monkeypatch.setattr(block_run, "_running", Ending([LOAD]))
    assert current_block_run() is None


def test_of_two_blocks_at_once_each_knows_itself_and_a_strange_thread_none():
    both, seen = threading.Barrier(3), {}

    def block(whose):
        with running(whose):
            both.wait(10)
            seen[whose] = current_block_run()
            both.wait(10)

    with ThreadPoolExecutor(2) as pool:
        pool.submit(block, LOAD)
        pool.submit(block, CLEAN)
        both.wait(10)
        assert current_block_run() is None
        both.wait(10)
    assert seen == {LOAD: LOAD, CLEAN: CLEAN}
