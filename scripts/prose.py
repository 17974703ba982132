"""Finds sentences, and parts of one behind a colon or a dash, that begin with a question word, in comments, messages and pages.

    python3 scripts/prose.py    prints a line for each

A sentence begins with a noun and a verb. Questions, such as some headings, need not. `make lint` calls it.
"""
import re
import subprocess
import sys
from pathlib import Path

SOURCES = ("*.swift", "*.c", "*.cpp", "*.h", "*.hpp", "*.py", "*.sh", "Makefile")
# A heading of the pages, which tests and guides name.
TITLE = "How to repeat it"
WORDS = r"(?:Wh(?:at|atever|ich|ose|o)|How|That which)\b"
# The words behind a colon or a dash, to the end of the sentence. A colon inside of code or a time has no space behind it.
BEHIND = re.compile(r"(?::|\s(?:-|–|—))\s+((?:what|whatever|which|whichever|whose|who|how|that which)\b[^.!?|]*(?:[.!?|]|$))")
# The words at the beginning of a text, or of a sentence in it. A sentence that ends in a question mark is a question.
BEGINNING = re.compile(r"(?:^\W*|[.!?][)\"'`*]*\s+|\|\s+)(" + WORDS + r"[^.!?|]*(?:[.!?|]|$))")
FIRST = re.compile(r"^\W*(" + WORDS.lower() + r"[^.!?|]*(?:[.!?|]|$))", flags=re.I)


def blocks(lines, marks):
    """Comments: neighbouring lines of one mark, as (number, text). One behind code is a comment of its own."""
    found, last = [], None
    for number, line in enumerate(lines, 1):
        match = re.match(rf"\s*({marks})(?: |$)(.*)", line)
        text = match[2].strip() if match else None
        if match and last == (number - 1, match[1]) and text and not re.match(r"[-*] ", text):
            found[-1][1] += " " + text
        elif match and text:
            found.append([number, text])
        if match:
            last = (number, match[1]) if text else None
            continue
        last = None
        behind = re.search(rf"(?<=\s)(?:{marks}) (\S.*)$", re.sub(r'"(?:\\.|[^"\\])*"', '""', line))
        if behind:
            found.append([number, behind[1]])
    return found


def strings(text):
    """Literals of one line or of several, as (number, text)."""
    for match in re.finditer(r'"""(.*?)"""|"((?:\\.|[^"\\\n])*)"', text, flags=re.S):
        said = match[1] if match[1] is not None else match[2]
        number = text.count("\n", 0, match.start()) + 1
        for block in re.split(r"\n\s*\n", said or ""):
            yield number, re.sub(r"\\?\n\s*", " ", block)


def paragraphs(lines):
    """Paragraphs, list items, table rows and headings of a page without its code, as (number, text)."""
    found, fenced, open_paragraph = [], False, False
    for number, line in enumerate(lines, 1):
        if line.startswith("```"):
            fenced, open_paragraph = not fenced, False
        elif fenced or line.startswith("    ") or not line.strip():
            open_paragraph = open_paragraph and line.startswith("    ") and bool(line.strip())
        elif open_paragraph and not re.match(r"\s*([-*|#]|\d+\.) ?", line):
            found[-1][1] += " " + line.strip()
        else:
            found.append([number, re.sub(r"^\s*(?:[-*#]+|\d+\.) ", "", line)])
            open_paragraph = not line.startswith(("#", "|"))
    return found


def wrong(text, everywhere):
    """The first sentence in a text that begins with one of the words. `everywhere` also takes small letters at its beginning."""
    text = re.sub(r"`[^`]*`", "x", text).replace(TITLE, "x")
    hits = [m[1] for expression in (BEGINNING, BEHIND) for m in expression.finditer(text)]
    hits += re.findall(r"\|\s+(that which [^|]*)", text)
    if everywhere and (first := FIRST.match(text)):
        hits.insert(0, first[1])
    return next((hit for hit in hits if not hit.endswith("?")), None)


def faults(tracked):
    for file in tracked(*SOURCES):
        text = file.read_text(errors="replace")
        lines = text.splitlines()
        texts = [(n, t, True) for n, t in blocks(lines, "#" if file.suffix in (".py", ".sh", "") else "///?")]
        if file.suffix == ".swift":
            texts += [(n, t, False) for n, t in strings(text)]
        elif file.suffix == ".py":
            texts += [(n, t, False) for n, t in strings(text) if n]
        for number, said, everywhere in texts:
            if hit := wrong(said, everywhere):
                yield f"{file}:{number}: a sentence, or its part behind a colon or a dash, begins with '{' '.join(hit.split()[:4])}'; begin with a noun and a verb"
    for page in (page for page in tracked("*.md") if "Fixtures" not in page.parts):
        for number, said in paragraphs(page.read_text().splitlines()):
            if hit := wrong(said, False):
                yield f"{page}:{number}: a sentence, or its part behind a colon or a dash, begins with '{' '.join(hit.split()[:4])}'; begin with a noun and a verb"


def tracked(*patterns):
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", *patterns], capture_output=True, text=True)
    return [Path(name) for name in listed.stdout.splitlines() if Path(name).exists()]


if __name__ == "__main__":
    found = list(faults(tracked))
    print("\n".join(found))
    sys.exit(1 if found else 0)
