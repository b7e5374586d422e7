"""Write docs/codes.md anew, from the catalogue of codes of `deploykit check`."""

from pathlib import Path

from deploykit.check import document

PAGE = Path(__file__).parents[1] / "docs" / "codes.md"

if __name__ == "__main__":
    PAGE.write_text(document.page(), encoding="utf-8")
