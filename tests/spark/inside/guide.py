"""Run blocks of the guide as they are, in turn, in this process, with the start hook that the image has.

Usage: guide.py TIMES FILE...   prints what each try returned, or the error and how long it took
"""

import json
import sys
import time
from io import BytesIO
from pathlib import Path

import mage_ilum.hooks.start

mage_ilum.hooks.start.install()
blocks = []
for file in sys.argv[2:]:
    exec(Path(file).read_text(encoding="utf-8"), {"data_loader": blocks.append})
for block in blocks * int(sys.argv[1]):
    begin = time.monotonic()
    try:
        frame = block(execution_date="2026-11-22")
    except Exception as error:
        print(json.dumps({"error": type(error).__name__, "seconds": time.monotonic() - begin}))
        continue
    frame.to_parquet(BytesIO())  # as Mage stores it for the next block
    print(json.dumps({"rows": len(frame)}))
