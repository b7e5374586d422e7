"""Why gRPC did not like a certificate: Python's `ssl` says it in words, given the authorities that gRPC trusts."""

import os
import pkgutil
import socket
import ssl

from mage_ilum.connect.address import ConnectAddress
from mage_ilum.connect.problems import problem
from mage_ilum.deadline import Deadline
from mage_ilum.errors import ConnectionProblem

ROOTS_VARIABLE = "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"
_BUNDLED_ROOTS = "_credentials/roots.pem"


def certificate_problem(address: ConnectAddress, deadline: Deadline) -> ConnectionProblem | None:
    """The reason that a fresh handshake gives; `None` where the certificate is fine."""
    try:
        context = _context()
        with (
            socket.create_connection((address.host, address.port), timeout=deadline.left) as connection,
            context.wrap_socket(connection, server_hostname=address.host),
        ):
            return None
    except ssl.SSLCertVerificationError as error:
        wrong_name = "mismatch" in error.verify_message
        code = "tls-wrong-name" if wrong_name else _CODES.get(error.verify_code, "tls-untrusted")
        return problem(code, address, seconds=deadline.seconds, detail=error.verify_message)
    except OSError:
        return None


def _context() -> ssl.SSLContext:
    """Trusts what gRPC trusts: the file that its variable names, else the list that it brings along."""
    path = os.environ.get(ROOTS_VARIABLE)
    if path:
        return ssl.create_default_context(cafile=path)
    bundled = pkgutil.get_data("grpc._cython", _BUNDLED_ROOTS)
    return ssl.create_default_context(cadata=bundled.decode("ascii", "ignore") if bundled else None)


_CODES = {9: "tls-expired", 10: "tls-expired"}  # OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID and _HAS_EXPIRED
