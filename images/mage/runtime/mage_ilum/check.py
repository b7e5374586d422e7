"""`python -m mage_ilum.check [sc://host:port]`: can this pod use Spark? Prints what it finds.

Exit codes: 0 it can, 2 bad address, 3 the client does not fit the server, 4 no server answers.
"""

import sys
import warnings

from mage_ilum.connect.address import resolve
from mage_ilum.connect.compatibility import verdict
from mage_ilum.connect.preflight import server_version
from mage_ilum.errors import MageIlumError
from mage_ilum.sessions.session import client_version, spark_session


def main(arguments: list[str]) -> int:
    """Check the address given, or that of `ILUM_SPARK_CONNECT_URL`; returns the exit code."""
    try:
        address = resolve(arguments[0] if arguments else None)
        _say("address", str(address))
        server, client = server_version(address), client_version()
        _say("server", server)
        _say("client", client)
        _say("verdict", verdict(client, server))
        warnings.simplefilter("ignore")  # the verdict has said it
        with spark_session(arguments[0] if arguments else None) as spark:
            _say("query", f"spark.range(1000).count() = {spark.range(1000).count()}")
    except MageIlumError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


def _say(name: str, value: str) -> None:
    sys.stdout.write(f"{name:<8} {value}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
