"""`make bench`: measure what the project promises and print it beside the bars, in one run.

`bench.py --only cli --only detect` runs parts. The image's parts need a Docker engine, the Mage base image and a
registry without a login: `make bench BASE=… REPOSITORY=registry/name`, with NETWORK and CA_FILE for the guide's recipe
where a build needs them to reach the package index. `failures` and `results` need a real Spark 4: SERVER=sc://host:15002;
`chart` needs one in a cluster: NAMESPACE=ilum, and what `installed.py` says.
"""

import argparse
import sys
from collections.abc import Callable, Sequence

import append
import command_line
import failures
import installed
import policies
import results
import warm
import weight
from row import Row

import sync

PARTS: dict[str, Callable[[], list[Row]]] = {
    "cli": command_line.help_time,
    "plan": command_line.plan_time,
    "detect": command_line.server_time,
    "policies": policies.table_time,
    "warm": warm.first_run,
    "block": warm.further_runs,
    "size": weight.sizes,
    "patch": weight.patch_change,
    "sync": sync.numbers,
    "append": append.numbers,
    "failures": failures.numbers,
    "chart": installed.numbers,
    "results": results.numbers,
}


def show(rows: Sequence[Row]) -> None:
    """A table for a note: what, measured, bar, guide, and whether the bar holds."""
    cells: list[tuple[str, ...]] = [("what", "measured", "bar", "the guide's recipe", "")]
    for row in rows:
        verdict = {True: "holds", False: "MISSED", None: ""}[row.holds]
        cells.append((row.what, row.measured, row.bar, row.guide, verdict))
    widths = [max(len(line[column]) for line in cells) for column in range(5)]
    cells.insert(1, tuple("-" * width for width in widths))
    for line in cells:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |")


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the numbers that deploykit promises.")
    parser.add_argument("--only", action="append", choices=PARTS, help="run this part (may be given again)")
    chosen = parser.parse_args().only or list(PARTS)
    rows: list[Row] = []
    for name, measure in PARTS.items():
        if name in chosen:
            print(f"bench: {name}", file=sys.stderr, flush=True)
            rows += measure()
    show(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
