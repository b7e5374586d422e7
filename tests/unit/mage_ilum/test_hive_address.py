"""Addresses of Ilum SQL, and that a password in them is never shown."""

import pytest

from mage_ilum.errors import AddressError
from mage_ilum.hive.address import SqlAddress, resolve_sql

SECRET = "s3cr3t"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hive://sql", SqlAddress("sql")),
        ("hive://sql:10000/sales", SqlAddress("sql", 10000, "sales")),
        ("hive://ana@sql/", SqlAddress("sql", user="ana")),
        ("hive://a%40b:p%2Fw@sql", SqlAddress("sql", user="a@b", password="p/w")),
        ("hive://[::1]:10009?auth=NOSASL", SqlAddress("::1", auth="nosasl")),
        ("hive://sql?auth=ldap&ssl=true&ssl_ca=/ca.pem", SqlAddress("sql", ssl=True, ssl_ca="/ca.pem")),
    ],
)
def test_every_form_is_read(text, expected):
    found = SqlAddress.parse(text)
    assert found == expected
    assert found.password == expected.password


@pytest.mark.parametrize(
    "text",
    [
        f"http://ana:{SECRET}@sql",
        f"ana:{SECRET}@sql",
        f"hive://ana:{SECRET}@",
        f"hive://ana:{SECRET}@sql:0",
        f"hive://ana:{SECRET}@sql:port",
        f"hive://ana:{SECRET}@[::1",
        f"hive://ana:{SECRET}@sql?auth=kerberos",
        f"hive://ana:{SECRET}@sql?tls=yes",
        f"hive://ana:a?{SECRET}/x@sql:port?a=b",
    ],
)
def test_what_cannot_be_read_is_refused_without_the_password(text):
    with pytest.raises(AddressError) as caught:
        SqlAddress.parse(text)
    assert SECRET not in str(caught.value)
    assert caught.value.fix


def test_a_password_is_in_no_text_of_an_address():
    address = SqlAddress.parse(f"hive://ana:{SECRET}@sql")
    assert SECRET not in f"{address} {address!r}"


def test_the_environment_gives_the_address_and_the_password():
    environment = {"ILUM_SQL_URL": "hive://ana@sql/sales", "ILUM_SQL_PASSWORD": SECRET}
    found = resolve_sql(None, environment)
    assert (found.host, found.database, found.password) == ("sql", "sales", SECRET)
    assert resolve_sql("hive://ana:own@sql", environment).password == "own"


@pytest.mark.parametrize("url", ["hive://ana@other/sales", "hive://ana@sql:10010/sales"])
def test_the_password_of_one_server_is_not_sent_to_another(url):
    assert resolve_sql(url, {"ILUM_SQL_URL": "hive://ana@sql", "ILUM_SQL_PASSWORD": SECRET}).password == ""
    for own in ("hive://me@sql:10009/x", ""):
        assert resolve_sql("hive://ana@SQL/y", {"ILUM_SQL_URL": own, "ILUM_SQL_PASSWORD": SECRET}).password == SECRET


def test_without_an_address_the_variable_is_named():
    with pytest.raises(AddressError, match="ILUM_SQL_URL is not set"):
        resolve_sql(None, {})
