"""What a sync is asked to do, and what it found and did."""

from dataclasses import dataclass, field

from deploykit.compat import compare
from deploykit.errors import DeploykitError
from deploykit.image.label_names import SPARK
from deploykit.image_reference import ImageReference
from deploykit.sync.ask import Server
from deploykit.sync.drift import Drift, Labels
from deploykit.sync.environment import Environment
from deploykit.versions import SparkVersion


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to sync: `check` only compares, `full` looks at every kind of drift, `max_wait` is in seconds."""

    check: bool = False
    full: bool = False
    max_wait: float = 0.0
    verified: bool = True
    sign_key: str | None = None


@dataclass(kw_only=True)
class Outcome:
    """What a sync found and did, filled in on the way, so that it says how far one came that failed."""

    environment: Environment
    checked: bool = False
    """Only compared, with `--check`."""
    server: Server | None = None
    before: ImageReference | None = None
    after: ImageReference | None = None
    """The image that fits; None while it is not known, as when `--check` finds that one has to be built."""
    labels: Labels = field(default_factory=dict)
    drift: tuple[Drift, ...] = ()
    notes: tuple[str, ...] = ()
    changed: bool = False
    built: bool = False
    pushed: bool = False
    seconds: float = 0.0
    error: DeploykitError | None = None

    @property
    def acts(self) -> bool:
        """Whether there is drift that a sync acts on."""
        return any(drift.acts for drift in self.drift)

    @property
    def spark(self) -> str:
        """The client in the image, such as `4.1.1`; empty while there is none."""
        return self.labels.get(SPARK, "")

    @property
    def verdict(self) -> str:
        """How the client fits the server."""
        if self.server is None or not self.spark:
            return ""
        return str(compare(SparkVersion.parse(self.spark), self.server.version))
