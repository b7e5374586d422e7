"""Run one command in a container that runs."""

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlencode

from deploykit.check.inside.said import Said
from deploykit.errors import UnreachableError
from deploykit.kubernetes_api import KubernetesApi

_OUT, _ERROR, _STATUS = 1, 2, 3  # the channels


def execute(api: KubernetesApi, place: tuple[str, str, str], command: Sequence[str], seconds: float) -> Said:
    """Run a command in a running container: namespace, pod, container. `seconds` is for all of it, the login too."""
    from websockets.exceptions import InvalidStatus, WebSocketException

    began = time.monotonic()
    heard: defaultdict[int, bytearray] = defaultdict(bytearray)
    try:
        asyncio.run(_hear(api, place, command, seconds, heard))
        said = _ended(bytes(heard[_STATUS]))
    except InvalidStatus as error:
        status = error.response.status_code
        reason = f"the API server answered {status} {error.response.reason_phrase}.".replace(" .", ".")
        said = Said(problem="forbidden" if status == 403 else "silent", reason=reason)
    except TimeoutError:  # some servers do not hang up after the status
        said = _ended(bytes(heard[_STATUS])) if heard[_STATUS] else Said(problem="silent")
    except UnreachableError as error:
        said = Said(problem="silent", reason=error.what)
    except (OSError, WebSocketException) as error:
        said = Said(problem="silent", reason=f"{type(error).__name__}.")
    out, error_text = (heard[channel].decode(errors="replace") for channel in (_OUT, _ERROR))
    return replace(said, out=out, error=error_text, seconds=time.monotonic() - began)


async def _hear(
    api: KubernetesApi,
    place: tuple[str, str, str],
    command: Sequence[str],
    seconds: float,
    heard: defaultdict[int, bytearray],
) -> None:
    """What comes on each channel, until the connection has ended."""
    from websockets.exceptions import ConnectionClosed

    from deploykit import kubernetes_websocket

    namespace, pod, container = place
    query = [("container", container), ("stdout", "true"), ("stderr", "true"), *(("command", word) for word in command)]
    async with asyncio.timeout(seconds):
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/exec?{urlencode(query)}"
        websocket = await kubernetes_websocket.connect(api, path, seconds=seconds)
        try:
            while True:
                message = await websocket.recv(decode=False)
                heard[message[0]] += message[1:]
        except ConnectionClosed:
            pass
        finally:
            websocket.transport.abort()  # `close` would wait for the server to say goodbye


def _ended(status: bytes) -> Said:
    """How the command ended, by the `Status` that comes last; one that could not be started has words in it."""
    try:
        told = json.loads(status)
        if told["status"] == "Success":
            return Said(exit_code=0)
        causes = (told.get("details") or {}).get("causes") or ()
        code = next((one["message"] for one in causes if one.get("reason") == "ExitCode"), None)
        return Said(problem="silent", reason=str(told["message"])) if code is None else Said(exit_code=int(code))
    except (ValueError, TypeError, KeyError, AttributeError):
        return Said(problem="silent", reason="The connection ended before the command did.")
