"""`deploykit open` while it runs, and what answers at the address that it prints."""

import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def opened(namespace: str, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command while it runs, and the first line that it prints: the address, unless `options` say otherwise."""
    command = [sys.executable, "-m", "deploykit", "open", "--namespace", namespace, "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def get(url: str) -> bytes:
    """What is there; raises `OSError`."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        return bytes(answer.read())
