"""Layers of a base as one: what is above replaces what is below, links are followed, and whiteouts take away."""

import json

from deploykit.image.append.facts import Distribution, Facts, stacked

MAGE = Distribution(name="mage-ai", version="0.9.80", requires=())
SITE = "usr/local/lib/python3.10/site-packages"


def test_what_is_above_takes_the_place_of_what_is_below():
    below = Facts(texts={"etc/passwd": "root\n"}, names=frozenset({"usr/lib/libz.so"}))
    above = Facts(texts={"etc/passwd": "root\nmage\n"}, names=frozenset({"usr/lib/libm.so"}))
    both = stacked([below, above])
    assert both.text("/etc/passwd") == "root\nmage\n"
    assert both.exists("/usr/lib/libz.so")
    assert both.exists("/usr/lib/libm.so")


def test_a_whiteout_takes_a_file_away():
    below = Facts(texts={"app/run_app.sh": "x"}, programs=frozenset({"app/run_app.sh"}))
    both = stacked([below, Facts(gone=frozenset({"app/run_app.sh"}))])
    assert both.text("/app/run_app.sh") is None
    assert not both.is_program("/app/run_app.sh")


def test_a_whiteout_of_a_folder_takes_all_in_it_away():
    below = Facts(distributions={f"{SITE}/mage_ai-0.9.80.dist-info": MAGE})
    assert stacked([below, Facts(gone=frozenset({f"{SITE}/mage_ai-0.9.80.dist-info"}))]).distributions == {}
    assert stacked([below, Facts(gone=frozenset({"usr/local/lib"}))]).distributions == {}


def test_a_name_that_begins_the_same_is_another_name():
    below = Facts(names=frozenset({"usr/lib/libz.so.1"}))
    assert stacked([below, Facts(gone=frozenset({"usr/lib/libz.so"}))]).exists("usr/lib/libz.so.1")


def test_an_opaque_folder_hides_what_was_in_it_and_not_what_comes_with_it():
    below = Facts(names=frozenset({f"{SITE}/old"}))
    above = Facts(names=frozenset({f"{SITE}/new"}), opaque=frozenset({SITE}))
    both = stacked([below, above])
    assert not both.exists(f"{SITE}/old")
    assert both.exists(f"{SITE}/new")


def test_a_file_that_becomes_a_link_is_the_other_file():
    below = Facts(texts={"etc/os-release": "old", "usr/lib/os-release": "new"})
    both = stacked([below, Facts(links={"etc/os-release": "../usr/lib/os-release"})])
    assert both.text("/etc/os-release") == "new"


def test_folders_that_are_links_are_followed():
    facts = Facts(links={"lib": "usr/lib", "usr/lib/libc.so": "/lib/libc.so.6"}, names=frozenset({"usr/lib/libc.so.6"}))
    assert facts.real("/lib/libc.so") == "usr/lib/libc.so.6"
    assert facts.exists("/lib/libc.so")


def test_links_in_a_circle_end():
    assert not Facts(links={"a": "b", "b": "a"}).exists("a")


def test_json_brings_all_of_it_back():
    facts = Facts(
        texts={"etc/passwd": "root"}, links={"a": "b"}, names=frozenset("xy"), programs=frozenset("z"),
        versions={"libc": "2.36"}, distributions={"d": Distribution(name="n", version="1", requires=("a", "b"))},
        gone=frozenset("g"), opaque=frozenset("o"),
    )  # fmt: skip
    assert Facts.from_json(json.loads(json.dumps(facts.to_json()))) == facts


def test_what_another_version_wrote_is_read_anew():
    assert Facts.from_json({**Facts().to_json(), "format": 0}) is None
    assert Facts.from_json(None) is None
