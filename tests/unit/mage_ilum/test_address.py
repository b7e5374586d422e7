"""Spark Connect addresses."""

import pytest

from mage_ilum.connect.address import ConnectAddress, resolve
from mage_ilum.errors import AddressError

SECRET = "s3cr3t-t0ken"


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("sc://spark", "spark", 15002),
        ("sc://spark/", "spark", 15002),
        ("sc://spark:1", "spark", 1),
        ("sc://10.0.0.1:15003/", "10.0.0.1", 15003),
        ("sc://[::1]:15003", "::1", 15003),
        ("sc://[fd00::7]", "fd00::7", 15002),
        (
            "  sc://spark-connect-server.ilum.svc.cluster.local:15002\n",
            "spark-connect-server.ilum.svc.cluster.local",
            15002,
        ),
    ],
)
def test_host_and_port_are_read(text, host, port):
    address = ConnectAddress.parse(text)
    assert (address.host, address.port) == (host, port)


def test_parameters_are_percent_decoded():
    address = ConnectAddress.parse("sc://spark:15002/;use_ssl=true;token=a%3Db%3Bc;user_id=anna")
    assert dict(address.parameters) == {"use_ssl": "true", "token": "a=b;c", "user_id": "anna"}


def test_the_url_for_pyspark_reads_back_as_the_same_address():
    address = ConnectAddress.parse("sc://[::1]:15002/;use_ssl=true;token=a%3Db%3Bc%25;x-team=data%20lake")
    again = ConnectAddress.parse(address.url)
    assert again == address
    assert dict(again.parameters) == dict(address.parameters)


@pytest.mark.parametrize(
    ("text", "tls"),
    [
        ("sc://spark", False),
        ("sc://spark/;use_ssl=false", False),
        ("sc://spark/;use_ssl=TRUE", True),
        ("sc://spark/;token=x", True),
        ("sc://127.0.0.1/;token=x", True),
        ("sc://localhost/;token=x", False),
        ("sc://localhost/;token=x;use_ssl=true", True),
    ],
)
def test_tls_is_used_where_pyspark_uses_it(text, tls):
    assert ConnectAddress.parse(text).tls is tls


@pytest.mark.parametrize("show", [str, repr, "{}".format, lambda address: f"{[address]}"])
def test_a_secret_is_never_shown(show):
    shown = show(ConnectAddress.parse(f"sc://spark/;use_ssl=true;token={SECRET};x-api-key={SECRET}"))
    assert SECRET not in shown
    assert "use_ssl=true" in shown
    assert "token=***" in shown


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("spark:15002", "does not start with sc://"),
        ("http://spark:15002", "does not start with sc://"),
        ("SC://spark", "does not start with sc://"),
        ("sc://", "names no host"),
        ("sc://:15002", "names no host"),
        ("sc://spark:http", "cannot be read"),
        ("sc://spark:70000", "cannot be read"),
        ("sc://spark:0", "no usable port"),
        ("sc://spark:", "no usable port"),
        ("sc://::1:15002", "cannot be read"),
        ("sc://[::1", "cannot be read"),
        ("sc://spark:15002/connect", "no path prefix"),
        (f"sc://spark:15002;token={SECRET}", "without the slash"),
        (f"sc://spark:15002/;token={SECRET}=", "key=value"),
        (f"sc://spark:15002/;{SECRET}", "key=value"),
        (f"sc://spark:15002/;token={SECRET};token={SECRET}", "twice"),
        (f"sc://spark:15002/;token={SECRET}#1", "a ?, a # or a blank"),
        (f"sc://spark:15002?token={SECRET}", "a ?, a # or a blank"),
        (f"sc://spark:15002/;token={SECRET} x", "a ?, a # or a blank"),
        (f"sc://spark:15002/token={SECRET}", "no path prefix"),
        (f"sc://spark:15002/{SECRET}", "no path prefix"),
        (f"sc://spark/token={SECRET};use_ssl=true", "no path prefix"),
        (f"sc://spark:15002,token={SECRET}", "cannot be read"),
        (f"sc://spark,token={SECRET}", "cannot be read"),
        (f"sc://spark&token={SECRET}", "cannot be read"),
        (f"spark:15002/token={SECRET}", "does not start with sc://"),
        (f"sc:/spark:15002/token={SECRET}", "does not start with sc://"),
        (f"sc:///token={SECRET}", "names no host"),
        (f"sc://spark/token={SECRET}@", "user name"),
        (f"sc://anna:{SECRET}@spark:15002", "user name"),
        (f"sc://anna:{SECRET};@spark:15002", "cannot be read"),
        (f"http://anna:{SECRET}@spark:15002", "does not start with sc://"),
    ],
)
def test_a_bad_address_is_explained_without_repeating_a_secret(text, says):
    with pytest.raises(AddressError) as caught:
        ConnectAddress.parse(text)
    assert says in caught.value.what
    assert caught.value.fix
    assert SECRET not in f"{caught.value!s}{caught.value!r}"


@pytest.mark.parametrize("text", ["sc://spark:15002/connect", "sc://spark:15002,x", "sc://spark:15002?x"])
def test_an_error_shows_host_and_port(text):
    with pytest.raises(AddressError, match="'sc://spark:15002'"):
        ConnectAddress.parse(text)


def test_a_bad_address_is_a_value_error():
    with pytest.raises(ValueError, match="sc://"):
        ConnectAddress.parse("spark")


def test_the_environment_gives_the_address_and_the_token():
    environment = {"ILUM_SPARK_CONNECT_URL": "sc://spark:1", "SPARK_CONNECT_AUTHENTICATE_TOKEN": SECRET}
    address = resolve(environment=environment)
    assert (address.endpoint, address.token) == ("spark:1", SECRET)


def test_a_token_in_the_address_wins_over_the_environment():
    address = resolve("sc://spark/;token=mine", {"SPARK_CONNECT_AUTHENTICATE_TOKEN": SECRET})
    assert address.token == "mine"


@pytest.mark.parametrize("environment", [{}, {"ILUM_SPARK_CONNECT_URL": ""}])
def test_no_address_at_all_names_the_variable_to_set(environment):
    with pytest.raises(AddressError, match="ILUM_SPARK_CONNECT_URL"):
        resolve(environment=environment)
