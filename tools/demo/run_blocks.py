"""Run blocks of the default project one after the other, each on what the one before returned, as Mage does.

Runs with the client's Python, which has no Mage: its decorators are two plain functions here.
"""

import runpy
import sys
from collections.abc import Callable

Block = Callable[..., object]


def run(path: str, *arguments: object) -> object:
    """Run a block and then its tests on what it returned."""
    block: list[Block] = []
    tests: list[Block] = []

    def register(function: Block) -> Block:
        block.append(function)
        return function

    def register_test(function: Block) -> Block:
        tests.append(function)
        return function

    decorators = dict.fromkeys(("data_loader", "transformer", "data_exporter"), register)
    runpy.run_path(path, init_globals={**decorators, "test": register_test})
    returned = block[0](*arguments)
    for test in tests:
        test(returned)
    return returned


def main() -> None:
    returned: tuple[object, ...] = ()
    for path in sys.argv[1:]:
        returned = (run(path, *returned),)
    frame = returned[0]
    print(frame.head() if hasattr(frame, "head") else frame)


if __name__ == "__main__":
    main()
