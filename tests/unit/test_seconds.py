"""A limit in seconds is a number that can be waited for."""

import pytest

from deploykit.cli.main import run

pytestmark = pytest.mark.usefixtures("isolated")

SYNC = ("sync", "--spark", "4.1.1", "--repository", "registry.example/mage", "--values", "v.yaml")


@pytest.mark.parametrize("seconds", ["nan", "inf", "1e300", "-1", "soon"])
@pytest.mark.parametrize(
    ("command", "option"),
    [
        (SYNC, "--max-wait"),
        (SYNC, "--timeout"),
        (("verify", "registry.example/mage:1"), "--timeout"),
        (("detect", "sc://127.0.0.1:1"), "--timeout"),
        (("check", "sc://127.0.0.1:1"), "--timeout"),
        (("open",), "--timeout"),
    ],
)
def test_what_is_no_limit_is_refused(command, option, seconds, capsys):
    assert run([*command, option, seconds]) == 2
    assert option in capsys.readouterr().err
