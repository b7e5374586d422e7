"""Where the server of a new job will answer: a template, because the driver's own Service has a random name."""

import os
from collections.abc import Mapping

from mage_ilum.connect.address import ConnectAddress, resolve
from mage_ilum.connect.preflight import server_version
from mage_ilum.deadline import Deadline
from mage_ilum.errors import AddressError, ConnectionProblem

URL_VARIABLE = "ILUM_CONNECT_JOB_URL"
PROBE_SECONDS = 2.0
HOPELESS = frozenset({"tls-untrusted", "tls-wrong-name", "token-missing", "token-wrong", "forbidden"})
"""Codes of problems that waiting does not solve: a server is there, and does not want us."""


def find_template(address: str | None, label: str) -> str:
    """The template given, or that of `ILUM_CONNECT_JOB_URL`; `label` is what a Service may select the driver by.

    >>> find_template("sc://{name}.ilum.svc.cluster.local:15002", "mage-ilum-job=nightly")
    'sc://{name}.ilum.svc.cluster.local:15002'
    """
    template = address or os.environ.get(URL_VARIABLE, "")
    if not template:
        raise AddressError(
            f"Nobody knows where the new server will answer: {URL_VARIABLE} is not set.",
            code="no-address",
            fix=f"Set it to the address of a Service that selects the driver by its label {label}, or pass address=.",
        )
    return template


def fill(template: str, known: Mapping[str, object]) -> str | None:
    """The address, or `None` while something that it needs is not known. Raises `AddressError` where it is none.

    >>> fill("sc://{name}.ilum:15002", {"name": "nightly-1b2c3d4e"})
    'sc://nightly-1b2c3d4e.ilum:15002'
    """
    for key, value in known.items():
        if f"{{{key}}}" in template:
            if not value:
                return None
            template = template.replace(f"{{{key}}}", str(value))
    ConnectAddress.parse(template)
    return template


def answers(url: str, limit: Deadline) -> bool:
    """Whether a Spark Connect server is there, also one that does not want us."""
    try:
        server_version(resolve(url), min(PROBE_SECONDS, limit.left))
    except ConnectionProblem as error:
        return error.code in HOPELESS
    return True
