"""`make chart`: write what is made from the chart's `values.yaml`: its JSON Schema, and the page of its keys.

`chart.py --check` writes nothing, says what is stale and ends with 1 if anything is.
"""

import argparse
import json
import sys
from pathlib import Path

import schema
import source
import table
import yaml

ROOT = Path(__file__).parents[2]
CHART = ROOT / "charts" / "mage-ilum"
DEFINITIONS = Path(__file__).with_name("definitions.yaml")


def generated() -> dict[Path, str]:
    """Each file that is made from `values.yaml`, with the text that it should have."""
    root = source.read((CHART / "values.yaml").read_text(encoding="utf-8"))
    definitions = yaml.safe_load(DEFINITIONS.read_text(encoding="utf-8"))
    written = json.dumps(schema.of(root, definitions), indent=2, ensure_ascii=False) + "\n"
    return {CHART / "values.schema.json": written, ROOT / "docs" / "values.md": table.of(root)}


def main() -> int:
    parser = argparse.ArgumentParser(description="Make the chart's schema and the table of its values.")
    parser.add_argument("--check", action="store_true", help="write nothing; end with 1 if a file is stale")
    check = parser.parse_args().check
    stale = {
        path: text
        for path, text in generated().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    }
    for path, text in stale.items():
        name = path.relative_to(ROOT)
        print(f"{name} is stale: run `make chart`." if check else f"{name} written.", file=sys.stderr)
        if not check:
            path.write_text(text, encoding="utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except source.SourceError as error:
        sys.exit(f"Nothing was written. {error}")
