"""Runs at the start of every Python of the image, by a line in a .pth file, and waits for Mage and PySpark.

Then Mage's blocks refuse what cannot be stored and say so, its page for a base path is the pod's own, several
schedulers make a trigger once, what PySpark gives can be stored, and the session that
`SparkSession.builder.remote(...).getOrCreate()` makes is checked and watched as one of `spark_session()`.
`MAGE_ILUM_HOOKS=0` in the environment switches all of it off. Nothing but `sys` and `os` is imported before.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

SWITCH = "MAGE_ILUM_HOOKS"

# The module that is waited for, and the module of ours whose `apply(module)` is called then.
_HOOKS = {
    "mage_ai.data_preparation.models.block": "mage_ilum.hooks.mage",
    "mage_ai.orchestration.pipeline_scheduler_original": "mage_ilum.hooks.triggers",
    "mage_ai.orchestration.pipeline_scheduler_project_platform": "mage_ilum.hooks.triggers",
    "mage_ai.server.server": "mage_ilum.hooks.page",
    "pyspark.sql.connect.dataframe": "mage_ilum.hooks.frames",
    "pyspark.sql.connect.session": "mage_ilum.hooks.sessions",
}


def install() -> None:
    """Wait for the modules; those that are imported already are changed now. A second call does nothing."""
    if os.environ.get(SWITCH) == "0" or any(isinstance(finder, _Finder) for finder in sys.meta_path):
        return
    sys.meta_path.insert(0, _Finder())
    for name in _HOOKS:
        if name in sys.modules:
            _apply(sys.modules[name])


class _Finder:
    """Finds nothing itself: it has the others find a module, and adds to what happens after its code has run."""

    @staticmethod
    def find_spec(
        name: str, path: "Sequence[str] | None" = None, target: "ModuleType | None" = None
    ) -> "ModuleSpec | None":
        if name not in _HOOKS:
            return None
        for finder in sys.meta_path:
            find = None if isinstance(finder, _Finder) else getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = find(name, path, target) if find else None
            if spec is not None:
                _hook(spec)
                return spec
        return None


def _hook(spec: "ModuleSpec") -> None:
    loader = spec.loader
    if loader is None:
        return
    run: Callable[[ModuleType], None] = loader.exec_module

    def exec_module(module: "ModuleType") -> None:
        run(module)
        if module.__name__ == spec.name:
            _apply(module)

    loader.exec_module = exec_module  # type: ignore[method-assign] # of this one loader


def _apply(module: "ModuleType") -> None:
    """A Mage or a PySpark that we do not know must still start."""
    import importlib
    import warnings

    try:
        importlib.import_module(_HOOKS[module.__name__]).apply(module)
    except Exception as error:
        warnings.warn(f"mage_ilum leaves {module.__name__} as it is: {error!r}", stacklevel=2)
