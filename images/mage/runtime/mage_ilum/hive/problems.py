"""Every way in which Ilum SQL can be out of reach: what, why, and the way out."""

from mage_ilum.connect import problems as connect
from mage_ilum.errors import ConnectionProblem
from mage_ilum.hive.address import DEFAULT_PORT, SqlAddress

_PORT_FIX = f"Use the port of Ilum SQL's Thrift binary protocol, {DEFAULT_PORT} by default."

# code: (what happened, why, what to do)
PROBLEMS: dict[str, tuple[str, str, str]] = {
    # What happens before a server is reached does not depend on what it speaks.
    **{code: connect.PROBLEMS[code] for code in ("name-unknown", "dns-silent", "no-route")},
    "refused": (
        "{host} refused the connection to port {port}.",
        "The host is there, but nothing listens on that port.",
        f"Check that Ilum SQL is enabled and runs. {_PORT_FIX}",
    ),
    "unreachable": (
        "No TCP connection to {host}:{port} within {seconds:g} s.",
        "Packets are dropped on the way: most often a NetworkPolicy or a firewall, else a host that is down.",
        "Allow egress from this pod, and ingress to the pods of Ilum SQL, on port {port}.",
    ),
    "silent": (
        "{host}:{port} accepts connections, but says nothing within {seconds:g} s.",
        "It is no HiveServer2, or it hangs; a server without SASL, or with TLS, says nothing either.",
        "Check the port and the server's log; try ?auth=nosasl or ?ssl=true in the address.",
    ),
    "closed": (
        "{host}:{port} closed the connection when it was greeted.",
        "A proxy without a backend does that, or a server that expects another greeting: SASL or none, TLS or none.",
        f"{_PORT_FIX} Compare auth and ssl in the address with the server's settings.",
    ),
    "http": (
        "{host}:{port} speaks HTTP, not HiveServer2's binary protocol.",
        "A web page answers there, or the server's HTTP transport.",
        _PORT_FIX,
    ),
    "tls-required": (
        "{host}:{port} speaks TLS, and the address asks for a plain connection.",
        "The server answered with a TLS alert.",
        "Add ?ssl=true to the address.",
    ),
    "tls-untrusted": (
        "The TLS handshake with {host}:{port} failed: {detail}.",
        "Its certificate is not trusted here, is for another name, or it speaks no TLS.",
        "Name the file with the right CA: ?ssl=true&ssl_ca=/path/ca.pem.",
    ),
    "login": (
        "{host}:{port} did not let the user {user} in.",
        "User or password are wrong, or the server wants another kind of login: {detail}.",
        "Put user and password into the address, or the password into ILUM_SQL_PASSWORD.",
    ),
    "not-hive": (
        "{host}:{port} does not speak HiveServer2's protocol.",
        "Another kind of server answered: {detail}.",
        f"{_PORT_FIX} The Hive metastore's port, 9083, is another service.",
    ),
    "slow": (
        "{host}:{port} did not open a session within {seconds:g} s.",
        "The engine behind it is starting or stuck, or something between forwards requests to nowhere.",
        "Look at the server's log and load, or allow more time: query_timeout.",
    ),
    "lost": (
        "The connection to {host}:{port} was lost.",
        "The server, or something between, ended it: {detail}.",
        "Look at the server's log, then run the block again.",
    ),
    "session": ("{host}:{port} opened no session: {detail}.", "", "Look at the server's log."),
}


def sql_problem(code: str, address: SqlAddress, *, seconds: float = 0, detail: str = "") -> ConnectionProblem:
    """The error for one row of the table; `seconds` is how long we were ready to wait."""
    values = {
        "host": address.host,
        "port": address.port,
        "user": address.user,
        "seconds": seconds,
        "detail": detail or "no reason given",
    }
    what, why, fix = (text.format_map(values) for text in PROBLEMS[code])
    return ConnectionProblem(what, code=code, why=why, fix=fix)
