#!/usr/bin/env python3
"""Every Swift block of the library's articles stands, line for line, in the example package that the tests compile."""
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = [path.read_text() for path in (ROOT / "Examples").rglob("*.swift") if ".build" not in path.parts]


def blocks(text):
    for part in text.split("```swift\n")[1:]:
        yield part.split("```")[0]


failed = False
for article in sorted((ROOT / "Sources" / "Library").rglob("*.md")):
    for block in blocks(article.read_text()):
        if not any(block in source for source in SOURCES):
            print(f"{article.relative_to(ROOT)}: this block is in no file of Examples/:\n{block}")
            failed = True
sys.exit(failed)
