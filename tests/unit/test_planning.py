"""How a plan comes about."""

import pytest
from tests.unit.image import plans
from tests.unit.steps import Steps

from deploykit import planning
from deploykit.image import base, java
from deploykit.image.engine import Engine

pytestmark = pytest.mark.usefixtures("isolated")


@pytest.mark.parametrize("named", ["docker", None])
def test_an_engine_is_asked_once_whether_it_answers(monkeypatch, named):
    pings = []

    def ping(engine):
        pings.append(engine)

    monkeypatch.setattr(Engine, "ping", ping)
    monkeypatch.setattr(base, "resolve", lambda *_, **__: plans.base())
    monkeypatch.setattr(java, "resolve", lambda *_, **__: java.NONE)
    planning.exact(plans.request(engine=named), None, engine=Engine(), progress=Steps())
    assert len(pings) == 1
