#!/usr/bin/env python3
"""Wraps comments of Swift files whose lines have more than 120 characters.

    python3 scripts/rewrap.py           rewrites the files
    python3 scripts/rewrap.py --check   counts the lines

Words beyond the limit go to the next line of the same paragraph, or to a new one. Formulas and tables, which have spaces in a
row, stay as they are, and so do strings.
"""
import re
import subprocess
import sys
from pathlib import Path

LIMIT = 120
COMMENT = re.compile(r"^(\s*)(///?)( +)(\S.*)$")
COLUMNS = re.compile(r"\S {3,}\S")


def wrapped(line):
    """A comment's line that fits, and the prefix and text of the rest; None for one that stays whole."""
    match = COMMENT.match(line)
    if not match or len(line) <= LIMIT:
        return None
    indent, mark, gap, text = match.groups()
    is_item = text.startswith("- ")
    if COLUMNS.search(text) or (mark == "//" and len(gap) > 1 and not is_item):
        return None
    words = text.split(" ")
    count = len(words)
    while count > 1 and (
        len(indent + mark + gap + " ".join(words[:count])) > LIMIT or " ".join(words[:count]).count("`") % 2
    ):
        count -= 1
    if count == 1:
        return None
    rest = indent + mark + gap + ("  " if is_item else "")
    return indent + mark + gap + " ".join(words[:count]), rest, " ".join(words[count:])


def rewrap(lines):
    found, count, in_string, i = [], 0, False, 0
    lines = list(lines)
    while i < len(lines):
        line = lines[i]
        in_string ^= line.count('"""') % 2 == 1
        parts = None if in_string else wrapped(line)
        if not parts:
            found.append(line)
        else:
            first, prefix, rest = parts
            found.append(first)
            after = COMMENT.match(lines[i + 1]) if i + 1 < len(lines) else None
            goes_on = (
                after and after[1] + after[2] + after[3] == prefix
                and not re.match(r"- |\d+\. |\|", after[4]) and not COLUMNS.search(after[4])
            )
            if goes_on:
                lines[i + 1] = f"{prefix}{rest} {after[4]}"
            else:
                lines.insert(i + 1, prefix + rest)
            count += 1
        i += 1
    return found, count


def main():
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.swift"], capture_output=True, text=True).stdout.split()
    total = 0
    for file in map(Path, listed):
        if not file.exists():
            continue
        lines = file.read_text().split("\n")
        new, count = rewrap(lines)
        total += count
        if "--check" not in sys.argv and new != lines:
            file.write_text("\n".join(new))
    print(f"rewrap: {total} lines")


main()
