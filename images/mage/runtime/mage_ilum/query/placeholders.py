"""Where the placeholders `:name` of a query are, as Spark's own lexer sees them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

# The first alternative that fits wins: inside of strings, quoted names and comments a colon is a character like any
# other. `x::int` casts, and in `STRUCT<a:INT>` and `col:field` the colon belongs to what is before it.
_TOKEN = re.compile(
    r"""
      \b[rR](?:'[^']*'|"[^"]*")
    | '(?:[^'\\]|\\.)*'
    | "(?:[^"\\]|\\.)*"
    | `[^`]*`
    | --(?:\\\n|[^\r\n])*
    | (?P<comment>/\*(?!\+))
    | (?<![\w:`\])]):(?P<name>[^\W\d]\w*)
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_MARK = re.compile(r"/\*|\*/")


@dataclass(frozen=True)
class Placeholder:
    """A `:name` at `start` to `end` of the query's text."""

    name: str
    start: int
    end: int


def placeholders(query: str) -> Iterator[Placeholder]:
    """The placeholders of `query`, in order."""
    position = 0
    while token := _TOKEN.search(query, position):
        position = token.end()
        if token["comment"]:
            position = _end_of_comment(query, position)
        elif token["name"]:
            yield Placeholder(token["name"], token.start(), token.end())


def replace(query: str, texts: Mapping[str, str]) -> str:
    """`query` with other text in place of the placeholders that `texts` names."""
    pieces, position = [], 0
    for found in placeholders(query):
        pieces += [query[position : found.start], texts.get(found.name, f":{found.name}")]
        position = found.end
    return "".join((*pieces, query[position:]))


def _end_of_comment(query: str, position: int) -> int:
    """Where the bracketed comment ends that began before `position`; Spark's may be nested."""
    depth = 1
    while depth and (mark := _COMMENT_MARK.search(query, position)):
        depth += 1 if mark[0] == "/*" else -1
        position = mark.end()
    return len(query) if depth else position
