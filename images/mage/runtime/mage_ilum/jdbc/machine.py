"""The Java virtual machine of this process, with the JDBC driver in it: started once, ended with the process."""

# mypy: disable-error-code="import-not-found"
# JPype is in images that were built `--with jdbc`, not where this is checked.

import threading
from pathlib import Path

from mage_ilum.errors import MageIlumError
from mage_ilum.jdbc.types import JavaConnection

DRIVERS = Path("/opt/jdbc")
DRIVER = "org.apache.kyuubi.jdbc.KyuubiHiveDriver"
# -Xrs leaves the signals to Python, which acts on a stop when the main thread comes back from Java.
OPTIONS = ("-Xrs", "-Xmx256m")

_starting = threading.Lock()


class NoJdbcDriverError(MageIlumError):
    """The image was built without `--with jdbc`.

    >>> from mage_ilum import jdbc_connect
    >>> try:
    ...     connection = jdbc_connect()
    ... except NoJdbcDriverError as error:
    ...     print(error.what)
    This image has no JDBC driver.
    """

    exit_code = 3


class Manager:
    """Java's `DriverManager`, as far as it is needed."""

    def __init__(self) -> None:
        import jpype

        self.exception: type[Exception] = jpype.JClass("java.sql.SQLException")
        self.timeout: type[Exception] = jpype.JClass("java.sql.SQLTimeoutException")
        self._manager = jpype.JClass("java.sql.DriverManager")
        self._properties = jpype.JClass("java.util.Properties")
        jpype.JClass(DRIVER)  # it registers itself

    def connect(self, url: str, user: str, password: str) -> JavaConnection:
        """A `java.sql.Connection`; user and password are no part of the address."""
        properties = self._properties()
        properties.setProperty("user", user)
        properties.setProperty("password", password)
        connection: JavaConnection = self._manager.getConnection(url, properties)
        return connection


def driver_manager() -> Manager:
    """Start the virtual machine unless it runs; raises `NoJdbcDriverError`."""
    jars = sorted(map(str, DRIVERS.glob("*.jar")))
    try:
        import jpype
    except ImportError:
        jars = []
    if not jars:
        raise NoJdbcDriverError(
            "This image has no JDBC driver.",
            code="no-jdbc",
            why="It was built without --with jdbc.",
            fix="Build it with `deploykit image --with jdbc` (make image WITH=jdbc), or use sql_engine(): it is in "
            "every image and needs no Java.",
        )
    with _starting:
        if not jpype.isJVMStarted():
            jpype.startJVM(*OPTIONS, classpath=jars, convertStrings=False)
        return Manager()
