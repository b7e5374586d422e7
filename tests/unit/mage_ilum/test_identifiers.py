"""Names from a variable are checked and quoted; everything else is refused."""

import pytest

from mage_ilum.errors import UsageError
from mage_ilum.query.identifiers import identifier


@pytest.mark.parametrize(
    ("name", "quoted"),
    [
        ("logs", "`logs`"),
        ("production.logs", "`production`.`logs`"),
        ("spark_catalog.production.logs_2026", "`spark_catalog`.`production`.`logs_2026`"),
        ("event-date", "`event-date`"),
        ("2026_logs", "`2026_logs`"),
        ("zamówienia", "`zamówienia`"),
    ],
)
def test_a_name_is_quoted_part_by_part(name, quoted):
    assert identifier(name) == quoted


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "a.",
        ".a",
        "a..b",
        "a.b.c.d",
        "a b",
        "`a`",
        "a`b",
        'a"b',
        "a'b",
        "a;b",
        "a\n",
        "a\x00",
        "a/*b*/",
        "logs WHERE 1=1 --",
        "logs; DROP TABLE logs",
        "x" * 256,
        None,
        5,
    ],
)
def test_anything_else_is_refused(name):
    with pytest.raises(UsageError) as caught:
        identifier(name)
    assert caught.value.code == "bad-identifier"
    assert len(str(caught.value)) < 600
