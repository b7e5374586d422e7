"""`deploykit lock`: what is resolved for a line is what its newest patch needs."""

from dataclasses import replace
from types import MappingProxyType

import pytest
from tests.unit.image.plans import base

from deploykit import catalog
from deploykit.cli.main import run
from deploykit.errors import IncompatibleError
from deploykit.image import base as bases
from deploykit.image import lock
from deploykit.image.engine import Engine

pytestmark = pytest.mark.usefixtures("isolated")


def test_the_newest_patch_is_tried_wherever_it_stands_in_the_table(monkeypatch):
    """The engine is not asked, and nothing is resolved: each patch that is tried is refused."""
    known = catalog.load()
    backwards = {
        name: replace(line, patches=MappingProxyType(dict(reversed(line.patches.items()))))
        for name, line in known.lines.items()
    }
    monkeypatch.setattr(catalog, "load", lambda: replace(known, lines=backwards, extras={}))
    monkeypatch.setattr(Engine, "ping", lambda engine: None)
    monkeypatch.setattr(bases, "resolve", lambda *_, **__: base())
    tried = []

    def refuse(spark, line, *_, **__):
        tried.append(spark)
        raise IncompatibleError(f"Not {spark}.")

    monkeypatch.setattr(lock, "refuse_what_cannot_fit", refuse)
    assert run(["lock", "--check"]) == 0
    assert tried == [known.newest_patch(line) for line in known.lines]
