"""What a block returned is looked at while other threads work."""

import sys

from mage_ilum.hooks.returned import refuse


class Name(str):
    """The name of a module; while it is looked at, another thread imports one more."""

    __slots__ = ()

    def startswith(self, *arguments):
        sys.modules["imported.meanwhile"] = sys
        return super().startswith(*arguments)


def test_other_threads_may_import_meanwhile(monkeypatch):
    monkeypatch.setattr(sys, "modules", {Name("some.module"): sys, **sys.modules})
    refuse("load", {"output_0": 1})
