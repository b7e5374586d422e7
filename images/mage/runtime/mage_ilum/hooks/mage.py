"""What is added to Mage: a block knows whose it is, and refuses to store what is only a handle to Spark."""

import functools
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Protocol

from mage_ilum.hooks.returned import refuse
from mage_ilum.sessions.block_run import BlockRun, running
from mage_ilum.sessions.termination import be_ready

_FINE = "_mage_ilum_fine"
"""A block's attribute between its run and its storing: the values that were looked at, alive, so that `is` is true."""


class _Block(Protocol):
    """What matters here of Mage's Block."""

    @property
    def uuid(self) -> str: ...
    @property
    def pipeline_uuid(self) -> str | None: ...


def apply(module: ModuleType) -> None:
    """Change `Block` of `mage_ai.data_preparation.models.block`."""
    block = module.Block
    block._execute_block = _runs_as_itself(block._execute_block)
    block.store_variables = _stores_data(block.store_variables)
    be_ready()


def _runs_as_itself(execute: Callable[..., Sequence[object]]) -> Callable[..., Sequence[object]]:
    """Run the block's code, with its name known, and look at what it returned."""

    @functools.wraps(execute)
    def _execute_block(self: _Block, *arguments: object, **options: object) -> Sequence[object]:
        index = options.get("dynamic_block_index")
        name = self.uuid if index is None else f"{self.uuid}:{index}"
        run = options.get("execution_partition") or ""
        with running(BlockRun(self.pipeline_uuid or "", name, str(run))):
            outputs = execute(self, *arguments, **options)
        variables = {f"output_{number}": value for number, value in enumerate(outputs or ())}
        stored = _has_spark(options.get("global_vars"))
        setattr(self, _FINE, refuse(self.uuid, variables, classic_is_stored=stored))
        return outputs

    return _execute_block


def _stores_data(store: Callable[..., object]) -> Callable[..., object]:
    """Look at what is stored: a block that yields gives its values one by one, and they come only here."""

    @functools.wraps(store)
    def store_variables(
        self: _Block, variable_mapping: Mapping[str, object], *arguments: object, **options: object
    ) -> object:
        fine: list[object] = vars(self).pop(_FINE, [])
        refuse(self.uuid, variable_mapping, classic_is_stored=options.get("spark") is not None, fine=fine)
        return store(self, variable_mapping, *arguments, **options)

    return store_variables


def _has_spark(variables: object) -> bool:
    """Whether Mage gave the block a local session of its own."""
    return isinstance(variables, Mapping) and variables.get("spark") is not None
