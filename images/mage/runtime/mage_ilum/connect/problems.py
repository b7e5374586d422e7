"""Every way in which a Spark Connect server can be out of reach: what, why, and the way out."""

from mage_ilum.connect.address import TOKEN_VARIABLE, ConnectAddress
from mage_ilum.errors import ConnectionProblem

_NAME_FIX = "Check the spelling; from another namespace a Service is called <service>.<namespace>.svc.cluster.local."
_RUNNING_FIX = "Check that the Spark Connect job runs, and that the Service's targetPort is the driver's port {port}."

# code: (what happened, why, what to do)
PROBLEMS: dict[str, tuple[str, str, str]] = {
    "name-unknown": ("The name {host} cannot be resolved.", "DNS knows no such name.", _NAME_FIX),
    "dns-silent": (
        "The name {host} cannot be resolved: DNS gave no answer.",
        "The name server did not answer in time, or failed.",
        "Check that a NetworkPolicy lets this pod reach DNS on port 53, UDP and TCP.",
    ),
    "refused": (
        "{host} refused the connection to port {port}.",
        "Nothing listens on that port, a policy rejects the connection, or the Service has no pods.",
        _RUNNING_FIX,
    ),
    "unreachable": (
        "No TCP connection to {host}:{port} within {seconds:g} s.",
        "Packets are dropped on the way: most often a NetworkPolicy or a firewall, else a host that is down.",
        "Allow egress from this pod, and ingress to the Spark driver pod, on its port {port}.",
    ),
    "no-route": ("There is no route to {host}:{port}.", "The network refused to carry the connection.", _NAME_FIX),
    "silent": (
        "{host}:{port} accepts connections, but says nothing within {seconds:g} s.",
        "What listens there is no Spark Connect server, or it hangs.",
        "Check the port, and the driver's log and load.",
    ),
    "closed": (
        "{host}:{port} accepts connections and closes them at once.",
        "A proxy without a backend does that, or a server of another protocol.",
        _RUNNING_FIX,
    ),
    "http1": (
        "{host}:{port} speaks HTTP/1, not gRPC.",
        "A web page answers there, or an ingress that does not pass HTTP/2 on.",
        "Use Spark Connect's own port (15002 by default), or make the ingress speak gRPC to its backend.",
    ),
    "not-grpc": (
        "{host}:{port} speaks neither gRPC nor HTTP.",
        "Another kind of server listens there.",
        "Use Spark Connect's own port, 15002 by default.",
    ),
    "tls-required": (
        "{host}:{port} speaks TLS, and the address asks for a plain connection.",
        "Something in front of the server, such as an ingress, ends TLS there.",
        "Add /;use_ssl=true to the address.",
    ),
    "tls-refused": (
        "{host}:{port} speaks plain gRPC, and the address asks for TLS.",
        "use_ssl=true asks for TLS, and so does every token for a host other than localhost.",
        "Leave use_ssl and the token out, or put something that ends TLS before the server.",
    ),
    "token-without-tls": (
        "{host}:{port} speaks plain gRPC, and PySpark sends a token only through TLS.",
        "A token makes PySpark use TLS for every host other than localhost, whatever use_ssl says.",
        "Put something that ends TLS before the server, or take the token away from both.",
    ),
    "tls-expired": (
        "The certificate of {host}:{port} is not valid now: {detail}.",
        "It is out of its time, or the clock of one of the two machines is wrong.",
        "Have it issued anew, and compare the clocks.",
    ),
    "tls-untrusted": (
        "The certificate of {host}:{port} is not trusted: {detail}.",
        "gRPC trusts its own list of authorities, not the system's.",
        "Name the file with the right CA in GRPC_DEFAULT_SSL_ROOTS_FILE_PATH.",
    ),
    "tls-wrong-name": (
        "The certificate of {host}:{port} is for another name.",
        "It does not name {host}.",
        "Use the name that the certificate is for, or have one issued for {host}.",
    ),
    "token-missing": (
        "{host}:{port} wants a token, and the address has none.",
        "The server was started with spark.connect.authenticate.token.",
        f"Set {TOKEN_VARIABLE} from a Secret. A token makes PySpark use TLS, so TLS has to end before the server.",
    ),
    "token-wrong": (
        "{host}:{port} does not accept the token.",
        "It is not the one that the server was started with.",
        f"Compare {TOKEN_VARIABLE} here and at the server.",
    ),
    "forbidden": (
        "{host}:{port} forbids the request.",
        "A proxy or the server says that this user may not.",
        "Ask who runs the server; the user is the address's user_id.",
    ),
    "not-spark": (
        "{host}:{port} speaks gRPC, but is no Spark Connect server.",
        "It does not know the service spark.connect.SparkConnectService.",
        "Use the port of Spark Connect, 15002 by default: Ilum's own gRPC port is another.",
    ),
    "http2-web": (
        "{host}:{port} speaks HTTP/2, but not gRPC: {detail}.",
        "A web server or an ingress answers there, and has no route to a Spark Connect server.",
        "Use Spark Connect's own port (15002 by default), or give the ingress a gRPC route for this host name.",
    ),
    "http2-login": (
        "An ingress or proxy at {host}:{port} answers in the server's place, and does not let this in: {detail}.",
        "It wants a login of its own, or allows other users or addresses only.",
        f"Ask who runs it; where it wants a bearer token, set {TOKEN_VARIABLE} from a Secret.",
    ),
    "no-backend": (
        "An ingress or proxy answers at {host}:{port}, and reaches no server behind it: {detail}.",
        "The Spark Connect server behind it is starting, has ended, or is not where it is looked for.",
        _RUNNING_FIX,
    ),
    "starting": (
        "{host}:{port} speaks gRPC, but is not ready: {detail}.",
        "The server is starting or ending, or what stands before it has no server to hand the request to.",
        "Try again in a minute; then look at the driver's log.",
    ),
    "slow": (
        "{host}:{port} is a gRPC server, but did not answer within {seconds:g} s.",
        "The driver makes its first session, is busy or stuck, or something between forwards requests to nowhere.",
        "Look at the driver's log and load, or allow more time.",
    ),
    "proxy": (
        "The HTTP proxy of this environment does not reach {host}:{port}.",
        "gRPC goes through the proxy that {detail} names.",
        "Add {host} to no_proxy.",
    ),
    "lost": (
        "The connection to {host}:{port} was lost, and {seconds:g} s of trying did not bring it back.",
        "The driver was ended or restarted, its pod was moved, or the network to it broke.",
        "Look at the driver's log and state, most often for memory; then run the block again.",
    ),
    "stuck": (
        "{host}:{port} said nothing for {seconds:g} s in the middle of the work.",
        "The driver hangs or collects garbage, or packets to it are dropped without a word.",
        "Look at the driver's log and load. A driver that pauses for long needs a larger ILUM_SPARK_SILENCE_SECONDS.",
    ),
    "failed": ("{host}:{port} answered with an error: {detail}.", "", "Look at the driver's log."),
}

LAYERS = {
    **dict.fromkeys(("name-unknown", "dns-silent"), "name"),
    **dict.fromkeys(("refused", "unreachable", "no-route", "proxy"), "tcp"),
    **dict.fromkeys(
        ("tls-required", "tls-refused", "token-without-tls", "tls-expired", "tls-untrusted", "tls-wrong-name"), "tls"
    ),
    **dict.fromkeys(("silent", "closed", "http1", "not-grpc"), "http2"),
    **dict.fromkeys(("http2-web", "http2-login", "no-backend", "slow"), "grpc"),
    **dict.fromkeys(("not-spark", "starting", "failed"), "spark-connect"),
    **dict.fromkeys(("token-missing", "token-wrong", "forbidden"), "token"),
    **dict.fromkeys(("lost", "stuck"), "query"),
}
"""The layer of `steps.LAYERS` that each of them ends."""


def problem(code: str, address: ConnectAddress, *, seconds: float, detail: str = "") -> ConnectionProblem:
    """The error for one row of the table; `seconds` is how long we were ready to wait."""
    values = {"host": address.host, "port": address.port, "seconds": round(seconds, 1), "detail": detail}
    what, why, fix = (text.format_map(values) for text in PROBLEMS[code])
    return ConnectionProblem(what, code=code, why=why, fix=fix)
