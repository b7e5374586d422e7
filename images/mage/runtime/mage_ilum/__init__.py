"""What a Mage block needs to use the Spark that Ilum runs.

Importing this package costs nothing: each name is loaded when it is first used.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mage_ilum.address import ConnectAddress, resolve
    from mage_ilum.errors import (
        AddressError,
        ConnectionProblem,
        IncompatibleClientError,
        MageIlumError,
        ResultTooLargeError,
    )
    from mage_ilum.frames import to_pandas
    from mage_ilum.preflight import server_version
    from mage_ilum.session import spark_session

__all__ = [
    "AddressError",
    "ConnectAddress",
    "ConnectionProblem",
    "IncompatibleClientError",
    "MageIlumError",
    "ResultTooLargeError",
    "resolve",
    "server_version",
    "spark_session",
    "to_pandas",
]

_MODULES = {
    "ConnectAddress": "address",
    "resolve": "address",
    "server_version": "preflight",
    "spark_session": "session",
    "to_pandas": "frames",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"{__name__}.{_MODULES.get(name, 'errors')}")
    value: object = getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
