"""Whose work it is: the pipeline, the block and the run that the calling code belongs to, as Mage names them."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class BlockRun:
    """An execution of a block; `run` is Mage's execution partition, empty in the editor and for a bare `mage run`."""

    pipeline: str
    block: str
    run: str = ""

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags of its queries; Spark allows no comma in a tag.

        >>> BlockRun("sales", "load", "7/20261123T000000").tags
        ('mage.pipeline=sales', 'mage.block=load', 'mage.run=7/20261123T000000')
        """
        pairs = (("pipeline", self.pipeline), ("block", self.block), ("run", self.run))
        return tuple(f"mage.{name}={value.replace(',', '_')}" for name, value in pairs if value)


_current: ContextVar[BlockRun | None] = ContextVar("mage_ilum_block_run", default=None)
_running: list[BlockRun] = []


def current_block_run() -> BlockRun | None:
    """The block whose code calls this; `None` outside of Mage.

    A thread that the block started is taken for the block's where no other block runs in this process.
    """
    known = _current.get()
    if known is not None:
        return known
    now = list(_running)  # blocks begin and end in other threads meanwhile
    return now[0] if len(now) == 1 else None


@contextmanager
def running(block_run: BlockRun) -> Iterator[None]:
    """Everything inside belongs to this block."""
    token = _current.set(block_run)
    _running.append(block_run)
    try:
        yield
    finally:
        _running.remove(block_run)
        _current.reset(token)
