"""A whole program as one batch: submitted, followed to its end with its log, cancelled when the block is."""

import math
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mage_ilum.deadline import Deadline
from mage_ilum.http.client import HttpService, JsonObject
from mage_ilum.http.errors import ServiceError
from mage_ilum.livy.errors import BatchFailedError, LivyError
from mage_ilum.livy.log import GrowingLog
from mage_ilum.livy.resource import ENDED, created, find_livy

_KEPT_LINES = 100
_LOG_LINES = 1000


@dataclass(frozen=True)
class LivyBatch:
    """A batch that has succeeded.

    >>> LivyBatch(id=7, app_id="spark-0a1b", seconds=41.5, log=("Pi is roughly 3.14",)).app_id
    'spark-0a1b'
    """

    id: int
    app_id: str | None
    """Spark's application id, where Livy knows it."""
    seconds: float
    log: tuple[str, ...]
    """Its last 100 lines at most."""


def livy_batch(
    file: str,
    *,
    args: Sequence[str] = (),
    class_name: str | None = None,
    name: str | None = None,
    conf: Mapping[str, str] | None = None,
    jars: Sequence[str] = (),
    py_files: Sequence[str] = (),
    files: Sequence[str] = (),
    archives: Sequence[str] = (),
    driver_memory: str | None = None,
    driver_cores: int | None = None,
    executor_memory: str | None = None,
    executor_cores: int | None = None,
    num_executors: int | None = None,
    queue: str | None = None,
    proxy_user: str | None = None,
    url: str | None = None,
    timeout: float | None = None,
    poll: float = 1.0,
    log: Callable[[str], object] = print,
) -> LivyBatch:
    """Run a JAR (with its `class_name`) or a Python file through Livy, and wait for its end.

    `file` and the like are addresses that the *driver* can read, such as `s3a://…` or `local:///…` in its image.
    Memory is written as Spark writes it (`"2g"`). `name` gets a random suffix, by which the batch is found and deleted
    when Livy's answer is lost, and nobody else's. `log` is called with each line of the log as it grows. `timeout` is
    in seconds for everything, `None` for no limit; `poll` is the time between two looks. The address is `url` or
    `ILUM_LIVY_URL`; credentials come from `ILUM_LIVY_TOKEN`, or `ILUM_LIVY_USER` and `ILUM_LIVY_PASSWORD`.

    However the block ends before the batch does, the batch is deleted: on an exception, Ctrl-C, a time-out, and when
    Mage kills the block. While following, Livy may be out of reach for up to 60 s. Raises `BatchFailedError` (with the
    log's last lines), `LivyError` when the time is up, `ServiceError` when Livy does not answer or refuses.

    >>> batch = livy_batch("s3a://jobs/daily.py", args=["2026-11-22"], conf={"spark.executor.instances": "2"})
    Rows written: 42
    >>> batch.log[-1]
    'Rows written: 42'
    """
    request: dict[str, object] = {
        "file": file,
        "args": [str(arg) for arg in args],
        "className": class_name,
        "name": name,
        "conf": dict(conf or {}),
        "jars": list(jars),
        "pyFiles": list(py_files),
        "files": list(files),
        "archives": list(archives),
        "driverMemory": driver_memory,
        "driverCores": driver_cores,
        "executorMemory": executor_memory,
        "executorCores": executor_cores,
        "numExecutors": num_executors,
        "queue": queue,
        "proxyUser": proxy_user,
    }
    livy = find_livy(url, conf)
    begin = time.monotonic()
    limit = Deadline(timeout if timeout is not None else math.inf)
    with created(livy, "batches", {key: value for key, value in request.items() if value}, limit) as batch:
        lines: deque[str] = deque(maxlen=_KEPT_LINES)
        end = _follow(livy, batch, lines, limit, poll=poll, say=log)
    state, app_id = end.get("state"), end.get("appId")
    if state != "success":
        raise BatchFailedError(batch, str(state), list(lines))
    return LivyBatch(batch, str(app_id) if app_id else None, time.monotonic() - begin, tuple(lines))


def _follow(
    livy: HttpService,
    batch: int,
    lines: deque[str],
    limit: Deadline,
    *,
    poll: float,
    say: Callable[[str], object],
) -> JsonObject:
    """Wait for the batch's end, passing its log on; its last state as Livy tells it."""
    growing = GrowingLog()
    while True:
        try:
            now = livy.look(f"batches/{batch}", limit=limit)
            log = _log(livy, batch, limit)  # asked after the state: complete when that is the last
        except ServiceError as error:
            if error.status == 404:
                raise LivyError(f"The Livy batch {batch} is gone: somebody deleted it, or Livy forgot it.") from None
            if limit.over:
                raise _too_slow(batch, limit) from None
            raise
        for line in growing.new_lines(log):
            lines.append(line)
            say(line)
        if now.get("state") in ENDED:
            return now
        if limit.left < poll:
            raise _too_slow(batch, limit)
        time.sleep(poll)


def _too_slow(batch: int, limit: Deadline) -> LivyError:
    return LivyError(
        f"The Livy batch {batch} did not end within {limit.seconds:g} s, and was cancelled.",
        code="timeout",
        fix="Allow more time with timeout=, or give the job more executors.",
    )


def _log(livy: HttpService, batch: int, limit: Deadline) -> list[str]:
    try:
        answer = livy.look(f"batches/{batch}/log", query={"size": str(_LOG_LINES)}, limit=limit)
    except ServiceError as error:
        if error.transient:
            raise
        return []  # some services that speak Livy's language keep the log elsewhere
    log = answer.get("log")
    return [livy.redact(str(line)) for line in log] if isinstance(log, list) else []
