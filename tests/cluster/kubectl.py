"""Runs kubectl against the tests' cluster, which the fixture `needs_cluster` has put into the environment."""

import subprocess


def kubectl(*arguments: str, text: str | None = None, check: bool = True, seconds: float = 60) -> str:
    """What it writes to stdout; `text` is its stdin."""
    done = subprocess.run(
        ["kubectl", *arguments],
        input=text,
        stdin=subprocess.DEVNULL if text is None else None,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert not check or done.returncode == 0, f"kubectl {' '.join(arguments[:4])}: {done.stdout}{done.stderr}"
    return done.stdout
