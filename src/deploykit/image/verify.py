"""What must hold in a built image before it may be pushed. Everything is tried in the image itself."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from deploykit import assets, cache
from deploykit.errors import BuildError
from deploykit.image.engine import Engine
from deploykit.plan import Plan
from deploykit.progress import Progress

if TYPE_CHECKING:
    from docker.models.containers import Container

STOP_SECONDS = 5
START_SECONDS = 75
TRIES = 3
PODS = {
    "worker": ["/app/run_app.sh", "mage", "run", "/tmp/stop", "sleep", "--executor-type", "local_python"],
    "server": ["/app/run_app.sh"],
}
"""The kinds of pods that run blocks, and their commands."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One check and what is wrong; empty when it holds."""

    name: str
    problem: str


def verify(image: str, plan: Plan, *, engine: Engine, progress: Progress) -> list[Check]:
    """Run every check in `image`; raises `BuildError` that lists those that do not hold."""
    progress.step("Verifying the image from inside (about half a minute)")
    checks: list[Check] = []
    with ThreadPoolExecutor(max_workers=2) as pool:
        # The longest first: a server waits for its scheduler, and the others share the second worker meanwhile.
        tried = (partial(stops, "server"), inside, partial(stops, "worker"), pip_check)
        parts = [pool.submit(part, image, plan, engine) for part in tried]
        for part in as_completed(parts):
            checks += part.result()
            for check in part.result():
                progress.step(f"{'FAIL' if check.problem else 'ok'}: {check.name}")
    if failed := [check for check in checks if check.problem]:
        raise BuildError(
            "The image was built, but it does not hold what it must.",
            why="\n".join(f"{check.name}: {check.problem}" for check in failed),
        )
    return checks


def inside(image: str, plan: Plan, engine: Engine, *only: str) -> list[Check]:
    """Versions, imports, jars, Java, user, and no Spark of Mage's own; or `only` those, by the names of the program."""
    program = (assets.image() / "verify" / "inside.py").read_text(encoding="utf-8")
    finished = engine.run(image, ["python3", "-c", program, plan.profile, *only], platform=plan.platform)
    checks = [
        Check(name=result["check"].replace("_", " "), problem=result["problem"])
        for result in _json_lines(finished.output)
        if "check" in result
    ]
    if finished.status or not checks:
        checks.append(Check(name="checks inside", problem=finished.output.strip()[-2000:] or f"exit {finished.status}"))
    return checks


def pip_check(image: str, plan: Plan, engine: Engine) -> list[Check]:
    """`pip check` says nothing that it does not say of the base too."""
    key = f"{plan.base.identity}-{plan.platform}".replace(":", "-").replace("/", "-")
    known = cache.read_json("pip-check", key)
    if known is None:
        known = _pip_check(plan.base.pinned, plan.platform, engine)
        cache.write_json("pip-check", key, known)
    worse = sorted(set(_pip_check(image, plan.platform, engine)) - set(known))
    return [Check(name="pip check no worse than the base's", problem="\n".join(worse))]


def _pip_check(image: str, platform: str, engine: Engine) -> list[str]:
    command = ["python3", "-m", "pip", "--disable-pip-version-check", "check"]
    finished = engine.run(image, command, platform=platform, entrypoint=[])
    lines = [line for line in finished.output.splitlines() if line and "No broken requirements" not in line]
    return lines if finished.status else []


def stops(kind: str, image: str, plan: Plan, engine: Engine) -> list[Check]:
    """SIGTERM ends a running block in a pod of one of `PODS`, well within Kubernetes' grace period."""
    name = f"SIGTERM ends a block in a {kind} pod within {STOP_SECONDS} s"
    return [Check(name=name, problem=_stop(image, PODS[kind], plan, engine))]


def _stop(image: str, command: list[str], plan: Plan, engine: Engine) -> str:
    """What is wrong, or nothing. Mage's scheduler now and then hangs before it starts a block; that says nothing about
    stops, so it is tried again."""
    said = ""
    for _ in range(TRIES):
        try:
            return _try_stop(image, command, plan, engine)
        except TimeoutError as error:
            said = str(error)
    return f"its block did not start within {START_SECONDS} s, {TRIES} times: {said}"


def _try_stop(image: str, command: list[str], plan: Plan, engine: Engine) -> str:
    program = (assets.image() / "verify" / "stop.py").read_text(encoding="utf-8")
    shell = ["/bin/sh", "-c", 'python3 -c "$0" /tmp/stop && exec "$@"', program, *command]
    environment = {"USER_CODE_PATH": "/tmp/stop", "MAGE_DATA_DIR": "/tmp/data", "JWT_SECRET": "verify"}
    with engine.container(image, shell, network="none", platform=plan.platform, environment=environment) as container:
        container.start()
        if problem := _wait_for_start(container):
            return problem
        began = time.monotonic()
        container.stop(timeout=2 * STOP_SECONDS)
        took = time.monotonic() - began
    return "" if took < STOP_SECONDS else f"it took {took:.1f} s"


def _last_words(container: "Container") -> str:
    return container.logs(tail=15).decode(errors="replace")


def _wait_for_start(container: "Container") -> str:
    """Return when the block runs, which leaves a file; else what is wrong. Raises `TimeoutError` after `START_SECONDS`.

    One process waits inside, as each look from outside takes an engine longer; it ends with its container, unheard.
    """
    import docker.errors

    waiting = "until [ -e /tmp/stop/started ]; do sleep 0.2; done"
    command = f"timeout {START_SECONDS} sh -c '{waiting}' && echo started || echo late"
    said: object = b""
    with suppress(docker.errors.APIError):  # a container that has ended cannot be looked into
        said = container.exec_run(["/bin/sh", "-c", command]).output
    if said == b"late\n":
        raise TimeoutError(_last_words(container))
    return "" if said == b"started\n" else f"its block never started: {_last_words(container)}"


def _json_lines(text: str) -> Iterator[dict[str, str]]:
    for line in text.splitlines():
        if line.startswith("{"):
            try:
                value = json.loads(line)
            except ValueError:
                continue
            if isinstance(value, dict):
                yield value
