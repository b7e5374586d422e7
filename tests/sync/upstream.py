"""The real registry behind the proxy: what is in it, by its own API, and images that were there before a test."""

import hashlib
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

MANIFESTS = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
)

_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Upstream:
    """One repository of a registry without a login: `host` is `127.0.0.1:5000`."""

    host: str
    name: str

    def tags(self) -> list[str]:
        """None where the repository is not there."""
        status, _, body = self._ask("GET", "tags/list")
        return sorted(json.loads(body)["tags"] or ()) if status == 200 else []

    def manifest(self, reference: str) -> tuple[str, dict[str, Any]] | None:
        """Its digest and content."""
        status, headers, body = self._ask("GET", f"manifests/{reference}", headers={"Accept": ", ".join(MANIFESTS)})
        if status == 404:
            return None
        assert status == 200, f"{self.name}:{reference}: {status}"
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        assert headers["Docker-Content-Digest"] == digest
        return digest, json.loads(body)

    def missing(self, reference: str) -> list[str]:
        """What an image lacks: itself, blobs, or images that an index names. Empty for one that is whole."""
        found = self.manifest(reference)
        if found is None:
            return [f"{self.name}: no {reference}"]
        content = found[1]
        inner = [item for entry in content.get("manifests", ()) for item in self.missing(entry["digest"])]
        blobs = [content["config"], *content["layers"]] if "config" in content else []
        return inner + [
            f"{self.name}:{reference}: no blob {blob['digest']}" for blob in blobs if not self.has(blob["digest"])
        ]

    def attached(self, digest: str) -> bool:
        """Whether something is attached to an image, by OCI's tag schema, and there."""
        found = self.manifest(digest.replace(":", "-"))
        return found is not None and not any(self.missing(entry["digest"]) for entry in found[1]["manifests"])

    def has(self, digest: str) -> bool:
        return self._ask("HEAD", f"blobs/{digest}")[0] == 200

    def blob(self, digest: str) -> bytes:
        return self._ask("GET", f"blobs/{digest}")[2]

    def lose(self, digest: str) -> None:
        """Delete a blob, as a garbage collector with a fault does."""
        assert self._ask("DELETE", f"blobs/{digest}")[0] == 202

    def mount(self, digest: str, source: "Upstream") -> None:
        """Have a blob of another repository here too."""
        status, _, _ = self._ask("POST", f"blobs/uploads/?mount={digest}&from={source.name}")
        assert status == 201, f"{source.name} has no {digest}"

    def copy(
        self, tag: str, source: "Upstream", *, as_tag: str, labels: Mapping[str, str] = _NONE, without: int = 0
    ) -> str:
        """An image of another repository, with other labels and `without` its last layers; returns its digest."""
        found = source.manifest(tag)
        assert found is not None
        content = found[1]
        del content["layers"][len(content["layers"]) - without :]
        for layer in content["layers"]:
            self.mount(layer["digest"], source)
        config = json.loads(source.blob(content["config"]["digest"]))
        config["config"]["Labels"] = {**config["config"]["Labels"], **labels}
        del config["rootfs"]["diff_ids"][len(content["layers"]) :]
        raw = json.dumps(config).encode()
        content["config"].update(digest=self.put(raw), size=len(raw))
        raw = json.dumps(content).encode()
        status, headers, _ = self._ask(
            "PUT", f"manifests/{as_tag}", raw, headers={"Content-Type": content["mediaType"]}
        )
        assert status == 201
        return headers["Docker-Content-Digest"]

    def put(self, data: bytes) -> str:
        """Upload a blob; returns its digest."""
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        _, headers, _ = self._ask("POST", "blobs/uploads/")
        url = headers["Location"] + f"&digest={urllib.parse.quote(digest)}"
        request = urllib.request.Request(url, data, {"Content-Type": "application/octet-stream"}, method="PUT")
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 201
        return digest

    def _ask(
        self,
        method: str,
        path: str,
        data: bytes | None = None,
        headers: Mapping[str, str] = _NONE,
    ) -> tuple[int, Mapping[str, str], bytes]:
        request = urllib.request.Request(
            f"http://{self.host}/v2/{self.name}/{path}", data, dict(headers), method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, dict(error.headers), error.read()
