"""A server that is away is waited for, and a token goes to its server alone."""

import threading

import pytest
from tests.unit.mage_ilum.servers import grpc_server
from tests.unit.steps import Steps
from tests.unit.sync.environments import environment

from deploykit.errors import UnreachableError
from deploykit.sync import ask

pytestmark = pytest.mark.usefixtures("isolated")


def test_a_server_that_starts_later_is_waited_for(closed_port):
    asked = environment(spark=None, server=f"sc://127.0.0.1:{closed_port}", timeout=1.0)
    steps = Steps()
    with pytest.raises(UnreachableError):
        ask.server(asked, max_wait=0, progress=steps)
    assert steps.said == []
    with pytest.raises(UnreachableError):
        ask.server(asked, max_wait=1.5, progress=steps)
    assert any("Asking again, for" in text for text in steps.said)


def test_a_server_that_answers_while_it_is_waited_for_is_taken():
    answer = bytes((8 << 3 | 2, 7, 1 << 3 | 2, 5)) + b"4.1.1"  # AnalyzePlanResponse.spark_version.version
    ready = threading.Event()

    def starting(request, context):
        if not ready.is_set():
            context.abort(14, "starting")
        return answer

    class Starting(Steps):
        def step(self, text: str) -> None:
            super().step(text)
            ready.set()

    with grpc_server(starting) as port:
        asked = environment(spark=None, server=f"sc://127.0.0.1:{port}", timeout=1.0)
        found = ask.server(asked, max_wait=30, progress=Starting())
    assert (found.version.release, found.confidence, found.where) == ("4.1.1", "certain", f"sc://127.0.0.1:{port}")


@pytest.mark.parametrize("parameters", ["", "/", "/;", "/;token=own", "/;use_ssl=true"])
def test_a_token_of_an_environment_goes_to_its_servers_and_nowhere_else(parameters):
    asked = environment(spark=None, server=f"sc://127.0.0.1:1{parameters}", token="s3cr3t t0ken;", timeout=0.5)
    assert "s3cr3t" not in repr(asked)
    with pytest.raises(UnreachableError) as caught:
        ask.server(asked, max_wait=0, progress=Steps())
    assert "s3cr3t" not in f"{caught.value.what}{caught.value.why}{caught.value.fix}"
