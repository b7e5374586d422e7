"""Run one command in a container that runs."""

import time
from collections.abc import Sequence
from dataclasses import replace

from deploykit.check.inside.said import Said
from deploykit.kubernetes_api import KubernetesApi


def execute(api: KubernetesApi, place: tuple[str, str, str], command: Sequence[str], seconds: float) -> Said:
    """Run a command in a running container: namespace, pod, container."""
    import websocket
    from kubernetes import client
    from kubernetes.stream import stream

    namespace, pod, container = place
    began = time.monotonic()
    websocket.setdefaulttimeout(seconds)
    # A client of its own: `stream` replaces a method of the one that it is given.
    core = client.CoreV1Api(client.ApiClient(api.connection.configuration))
    try:
        process = stream(
            core.connect_get_namespaced_pod_exec,
            pod,
            namespace,
            container=container,
            command=list(command),
            stdout=True,
            stderr=True,
            _preload_content=False,
        )
        process.run_forever(timeout=seconds)
        said = Said(
            out=process.read_stdout(timeout=0) if process.peek_stdout(timeout=0) else "",
            error=process.read_stderr(timeout=0) if process.peek_stderr(timeout=0) else "",
            seconds=time.monotonic() - began,
        )
        late, code = process.is_open(), process.returncode
        process.sock.shutdown()  # `close` would wait for the server to say goodbye
        return replace(said, problem="silent") if late else replace(said, exit_code=int(code or 0))
    except client.ApiException as error:
        reason = str(error.reason).strip()
        problem = "forbidden" if "403" in reason or error.status == 403 else "silent"
        return Said(problem=problem, reason=f"the API server answered {reason}.", seconds=time.monotonic() - began)
    except (OSError, ValueError, TypeError, websocket.WebSocketException) as error:
        return Said(problem="silent", reason=f"{type(error).__name__}.", seconds=time.monotonic() - began)
