"""A web server that answers as the Kubernetes API does, and the kubeconfig that leads to it."""

import http.server
import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml
from tests.unit.mage_ilum.servers import web

PODS = json.loads((Path(__file__).parent / "pods.json").read_text(encoding="utf-8"))
"""What the API says of a namespace with a Spark Connect job and a batch job: taken from Spark's own pods.

The server is Spark 3.5's, which declares no port 15002, and shares its pod with a container of a service mesh. Its
predecessor is about to end.
"""


_EMPTY = {"metadata": {}, "items": []}
_RESOURCES = {
    "/api/v1": {"pods": "Pod", "services": "Service"},
    "/apis/networking.k8s.io/v1": {"networkpolicies": "NetworkPolicy"},
    "/apis/discovery.k8s.io/v1": {"endpointslices": "EndpointSlice"},
}


def listing(*objects: Mapping[str, Any]) -> dict[str, object]:
    """What the API lists of these objects' namespaces, and of others that commands ask about, for `serving`."""
    namespaces = {"ilum", "mage", "default", "kube-system", "openshift-dns"}
    return {"/api/v1/namespaces": _EMPTY} | {
        f"{group}/namespaces/{namespace}/{resource}": {
            **_EMPTY,
            "items": [one for one in objects if (one["kind"], one["metadata"]["namespace"]) == (kind, namespace)],
        }
        for group, resources in _RESOURCES.items()
        for resource, kind in resources.items()
        for namespace in namespaces
    }


def kubeconfig(path: Path, server: str, **cluster: str) -> Path:
    """Write a kubeconfig with the one context `here`."""
    text = yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "here", "cluster": {"server": server, **cluster}}],
            "users": [{"name": "me", "user": {"token": "Geheim1"}}],
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
            "current-context": "here",
        }
    )
    path.write_text(text, encoding="utf-8")
    return path


def _is_selected(item: Mapping[str, Any], selector: str) -> bool:
    labels = item.get("metadata", {}).get("labels") or {}
    if selector.startswith("!"):
        return selector[1:] not in labels
    key, several, values = selector.partition(" in ")
    return not several or labels.get(key) in values.strip("()").split(", ")


@contextmanager
def serving(
    answers: Mapping[str, object], *, status: int = 200, page: int = 500, tls: ssl.SSLContext | None = None
) -> Iterator[int]:
    """The port of a server with lists by path, such as `/api/v1/namespaces/ilum/pods`, or one status for all.

    A text is sent as it is. At most `page` objects go into one answer, as the API may decide too. Of label selectors
    `!KEY` and `KEY in (A, B)` count.
    """

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            query = parse_qs(address.query)
            found = answers.get(address.path)
            if isinstance(found, Mapping):
                selector = query.get("labelSelector", [""])[0]
                found = {**found, "items": [one for one in found["items"] if _is_selected(one, selector)]}
                first = int(query.get("continue", ["0"])[0])
                more = {"continue": str(first + page)} if first + page < len(found["items"]) else {}
                found = {**found, "metadata": more, "items": found["items"][first : first + page]}
            body = found if isinstance(found, str) else json.dumps(found)
            self.send_response(status if found is not None or status != 200 else 404)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with web(Handler, tls=tls) as port:
        yield port
