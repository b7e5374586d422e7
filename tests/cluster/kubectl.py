"""Runs kubectl against the tests' cluster, which the fixture `needs_cluster` has put into the environment."""

import subprocess


def kubectl(*arguments: str, text: str | None = None, check: bool = True, seconds: float = 60) -> str:
    """What it writes to stdout; `text` is its stdin. A failure, also one by time, says what it wrote."""
    called = f"kubectl {' '.join(arguments[:4])}"
    try:
        done = subprocess.run(
            ["kubectl", *arguments],
            input=text,
            stdin=subprocess.DEVNULL if text is None else None,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        said = b"".join(filter(None, (late.stdout, late.stderr))).decode(errors="replace")
        raise AssertionError(f"{called}: not within {seconds:.0f} s: {said}") from None
    assert not check or done.returncode == 0, f"{called}: {done.stdout}{done.stderr}"
    return done.stdout


def wait_for_job(namespace: str, name: str, *, seconds: float) -> None:
    """Until it has completed or failed, or so much time has passed."""
    condition = ("--for=jsonpath={.status.conditions}", f"--timeout={seconds:.0f}s")
    kubectl("wait", f"job/{name}", *condition, f"--namespace={namespace}", check=False, seconds=seconds + 30)


def create_namespace(name: str, *labels: str, seconds: float = 120) -> None:
    """Anew, in the place of an earlier run's, and ready for pods.

    They are refused until the namespace has its ServiceAccount, which on a busy machine takes seconds.
    """
    delete = ("delete", "namespace", name, "--ignore-not-found", f"--timeout={seconds:.0f}s")
    kubectl(*delete, seconds=seconds + 30)
    kubectl("create", "namespace", name)
    if labels:
        kubectl("label", "namespace", name, *labels)
    kubectl("wait", "--for=create", "serviceaccount/default", "--timeout=60s", f"--namespace={name}", seconds=90)
