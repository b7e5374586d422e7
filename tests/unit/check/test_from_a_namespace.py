"""What needs a network of its own: a name server that is silent, an address that nobody has, no route at all."""

import json
import shutil
import subprocess
import sys
import time

import pytest
from tests.needs import missing

VETH = """\
ip link add here type veth peer name there
ip address add 192.0.2.2/24 dev here
ip link set here up
ip link set there up
ip neighbour add 192.0.2.1 lladdr 02:00:00:00:00:01 dev here
"""
RESOLVER = """\
echo 'nameserver 127.0.0.1' > "$FOLDER/resolv.conf"
mount --bind "$FOLDER/resolv.conf" /etc/resolv.conf
"""
NAME_SERVER = """\
import socket, subprocess, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
    silent.bind(("127.0.0.1", 53))
    sys.exit(subprocess.call(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def unshare():
    """Namespaces of one's own, for the network and for mounts."""
    command = (shutil.which("unshare"), "--map-root-user", "--net", "--mount")
    if command[0] is None or subprocess.run((*command, "ip", "link"), capture_output=True, check=False).returncode:
        missing("network namespaces", "install util-linux and iproute2, and allow user namespaces")
    return command


CASES = {
    "a silent name server": (
        RESOLVER, (sys.executable, "-c", NAME_SERVER), "sc://spark.example", "dns-silent", "DNS gave no answer",
    ),
    "a name server that is away": (RESOLVER, (), "sc://spark.example", "dns-silent", "DNS gave no answer"),
    "a silent address": (VETH, (), "sc://192.0.2.1", "unreachable", "No TCP connection to 192.0.2.1:15002"),
    "no route": ("", (), "sc://192.0.2.1", "no-route", "There is no route to 192.0.2.1:15002"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_whole_command_ends_within_three_seconds(unshare, tmp_path, case):
    prepare, wrapped, address, code, says = CASES[case]
    script = f'set -e\nip link set lo up\n{prepare}\nexec "$@"'
    command = (*unshare, "sh", "-c", script, "sh", *wrapped, sys.executable, "-m", "deploykit", "check", address)
    begin = time.monotonic()
    done = subprocess.run(
        (*command, "-o", "json"),
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "FOLDER": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert time.monotonic() - begin < 3.5  # with the start of Python on a busy machine
    assert done.returncode == 4, done.stderr
    found = json.loads(done.stdout)
    [failure] = [step for step in found["steps"] if step["outcome"] == "failed"]
    assert found["code"] == failure["code"] == code
    assert says in failure["sentence"]
