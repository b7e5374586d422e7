"""Where to ask which Spark runs."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from deploykit.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class Where:
    """What is asked; at least one of `servers`, `namespace` and `ilum_core` is named.

    `servers` share one image: the oldest decides. `namespace` is that of Spark's pods, in the cluster of the
    kubeconfig's `context`. `ilum_core` is the address of Ilum's REST API, whose certificate may be of `ca_file`'s
    authority. `helm_release`, as `release` or as
    `namespace/release`, has its values read, and every password in them; only the image is kept.
    """

    servers: tuple[str, ...] = ()
    namespace: str | None = None
    context: str | None = None
    ilum_core: str | None = None
    helm_release: str | None = None
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        if not (self.servers or self.namespace or self.ilum_core):
            raise UsageError(
                "Nothing to ask: name a server or a namespace.",
                fix="deploykit detect sc://host:15002, or deploykit detect --namespace ilum",
            )
        if self.helm_release and not self.release[0]:
            raise UsageError(
                f"--helm-values {self.helm_release} does not say in which namespace that release is.",
                fix=f"--helm-values NAMESPACE/{self.helm_release}, or --namespace NAMESPACE",
            )
        if self.ilum_core and "@" in urlsplit(self.ilum_core).netloc:
            raise UsageError(
                "--ilum-core holds a user or a password, which others on this machine could read.",
                fix="leave it out, and set ILUM_API_TOKEN, or ILUM_API_USER and ILUM_API_PASSWORD",
            )

    @property
    def release(self) -> tuple[str, str]:
        """Namespace and name of the Helm release; empty where none is asked."""
        namespace, slash, name = (self.helm_release or "").rpartition("/")
        return (namespace if slash else self.namespace or "", name)
