"""`make demo`: the whole job as far as this machine allows, with an embedded Spark Connect server.

Needs no Docker, no Kubernetes, no Java. Prints each step with the command that a user would type; what it writes is in
`.build/demo`.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import client
import yaml

from deploykit.image.engine import Engine

ROOT = Path(__file__).parents[2]
BUILD = Path(".build") / "demo"
PROJECT = Path("images") / "mage" / "project"
PIPELINE = "transaction_anomaly_detection"
SPARK = "4.1.1"

NOT_THE_DEMOS = ("SPARK", "SERVER", "CLIENT", "NAMESPACE", "REPOSITORY", "PUSH")
"""What `DEPLOYKIT_…` may say for other commands; the base, the platform and the network's options hold here too."""

UNREACHABLE = 4


def environment() -> dict[str, str]:
    """The environment of the commands: the machine's, without another job's request."""
    left_out = {f"DEPLOYKIT_{name}" for name in NOT_THE_DEMOS}
    return {name: value for name, value in os.environ.items() if name not in left_out}


def say(text: str = "") -> None:
    """Print at once: what the commands print comes in between."""
    print(text, flush=True)


def step(number: int, title: str) -> None:
    """The heading of a step."""
    say(f"\n\033[1m{number}. {title}\033[0m" if sys.stdout.isatty() else f"\n{number}. {title}")


def run(*command: str, extra: Mapping[str, str] | None = None, shown: Sequence[str] = ()) -> int:
    """Show a command as a user would type it (`shown`, where that is shorter), run it, return its exit code."""
    prefix = "".join(f"{name}={value} " for name, value in (extra or {}).items() if name.startswith("ILUM_"))
    say(f"$ {prefix}{' '.join(shown or command)}")
    return subprocess.run(command, env={**environment(), **(extra or {})}, cwd=ROOT, check=False).returncode


def must(*command: str, extra: Mapping[str, str] | None = None, shown: Sequence[str] = ()) -> None:
    """Like `run`; a command that fails ends the demo with its exit code."""
    if code := run(*command, extra=extra, shown=shown):
        say(f"\nThe demo stopped: the command above ended with {code}.")
        sys.exit(code)


@contextmanager
def server(python: Path) -> Iterator[str]:
    """The embedded server's address; it ends with the block, and with this process whatever happens."""
    log = BUILD / "server.log"
    with log.open("w", encoding="utf-8") as errors:
        command = [str(python), "tools/demo/server.py"]
        with subprocess.Popen(
            command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                port = process.stdout.readline().strip()
                if not port:
                    sys.exit(f"The embedded Spark Connect server did not start; {log} says why.")
                yield f"sc://127.0.0.1:{port}"
            finally:
                process.stdin.close()  # that is what ends it
                try:
                    process.wait(timeout=10)
                except subprocess.TimeoutExpired:
                    process.kill()


def blocks() -> list[str]:
    """The example pipeline's blocks, in the order of its definition."""
    definition = yaml.safe_load((ROOT / PROJECT / "pipelines" / PIPELINE / "metadata.yaml").read_text(encoding="utf-8"))
    return [str(PROJECT / f"{block['type']}s" / f"{block['uuid']}.py") for block in definition["blocks"]]


def show_rendered(folder: Path) -> None:
    """The parts of what `render` wrote that a reviewer reads first."""
    say(f"\n# {folder / 'values.yaml'}\n{(folder / 'values.yaml').read_text(encoding='utf-8').rstrip()}")
    policies = folder / "network-policies.yaml"
    if policies.exists():
        say(f"\n# {policies}")
        for policy in yaml.safe_load_all(policies.read_text(encoding="utf-8")):
            spec = policy["spec"]
            pods = ", ".join(f"{key}={value}" for key, value in spec["podSelector"].get("matchLabels", {}).items())
            say(f"{policy['metadata']['name']}: {' and '.join(spec['policyTypes'])} of pods {pods}")


def main() -> None:
    os.chdir(ROOT)
    started = time.monotonic()
    shutil.rmtree(BUILD / "render", ignore_errors=True)
    BUILD.mkdir(parents=True, exist_ok=True)

    step(1, f"The client: PySpark {SPARK} with the locked versions, as wheels for this machine's Python")
    python = client.install(SPARK, BUILD / "venv")
    say(f"  {', '.join(client.pins(SPARK))}")

    with server(python) as address:
        step(2, "A Spark Connect server, embedded here (Sail): which Spark is it?")
        must("deploykit", "detect", address)

        step(3, "What would be built for it, and why")
        must("deploykit", "plan", "--server", address)

        step(4, "Dockerfile, build context, Helm values and NetworkPolicies, as files to review")
        must("deploykit", "render", str(BUILD / "render"), "--server", address, "--no-wheels")
        show_rendered(BUILD / "render")

        step(5, f"The example pipeline's blocks, with the locked client, on that server: {PIPELINE}")
        must(
            str(python),
            "tools/demo/run_blocks.py",
            *blocks(),
            extra={"ILUM_SPARK_CONNECT_URL": address, "PYTHONPATH": str(ROOT / "images" / "mage" / "runtime")},
        )

        step(6, "The image")
        limit = build(address)

    say(f"\nDone in {time.monotonic() - started:.0f} s. All that was written is in {BUILD}.")
    say(f"{limit}\n\nNext, with your own Ilum:" if limit else "\nNext, with your own Ilum:")
    say("  make plan SERVER=sc://HOST:15002")
    say("  make image SERVER=sc://HOST:15002 REPOSITORY=registry.example/mage PUSH=1")


def build(address: str) -> str:
    """Build the image as far as this machine can; returns what it lacks for that."""
    if not Engine().answers():
        say("  No Docker engine answers here: nothing was built. The context in step 4 is what one would build.")
        return "The image was left out: it needs a Docker engine."
    code = run("deploykit", "image", "--server", address)
    if code == UNREACHABLE:
        return "The image was left out: its base, or what goes into it, cannot be reached from here (see step 6)."
    if code:
        sys.exit(code)
    return ""


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
