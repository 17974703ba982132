"""Lists lines that a stranger's file could turn into a trap, and keys that no test refuses; see check-readers.sh."""
import pathlib
import re
import sys

LIST = pathlib.Path("scripts/readers.txt")
BUGS = {"Sources/Torch/Fault.swift"}  # the one place that ends the process for a fault of the program itself
ANYWHERE = [
    (r"\b(Data|String)\(contentsOf:", "opens a file past InputFile"),
    (r"FileHandle\(forReading|contentsOfFile:(?! \"/proc/)", "opens a file past InputFile"),
    (r"\btry!|\bfatalError\(|\bas!\s", "ends the process"),
]
READERS = [
    (
        r"(?<![A-Za-z.])U?Int(8|16|32|64)?\((?!exactly:|bounded:|truncatingIfNeeded:|clamping:|bitPattern:|ascii:)",
        "converts a number that may not fit",
    ),
    (r"\.\.<", "makes a range, whose end may lie before its start"),
    (r"[A-Za-z\])]\[[a-z][A-Za-z]*( [-+*%] [^\]]*)?\](?!\s*=)", "takes an element by a variable"),
]
OPENS = re.compile(
    r"InputFile\.|Checked\(|JSON\(contentsOf|SafeTensors\(\s*contentsOf|SafeTensors\.load|NPY\.read|MappedFile\("
    r"|\.events\(|ComponentConfig\("
)


def lines_of(file):
    """The lines to look at, each with its number and the reason, and whether it is refused in any case."""
    text = file.read_text()
    reads = bool(OPENS.search(text))
    for number, line in enumerate(text.split("\n"), 1):
        code = line.split("//")[0]
        for patterns, always in ((ANYWHERE, True), (READERS if reads else [], False)):
            why = next((why for pattern, why in patterns if re.search(pattern, code)), None)
            if why and not (always and str(file) in BUGS):
                yield f"{file}:{number}: {why}: {line.strip()}", always


# Keys that readers take, as they spell them. Tests/Fixtures/refusals.txt has a refused value of each, for each reader.
REFUSALS = pathlib.Path("Tests/Fixtures/refusals.txt")
KEYS = re.compile(
    r"(?:\.(?:int|number|positive|bool|string|strings|ints|perLevel|refusing)|\b(?:size|numbers|pair|named|depths))"
    r"\((?:config, )?\"([A-Za-z_0-9]+)\""
)
FIXED = re.compile(r"(?:\baccept\(\[|\baccepted: \[String: \[JSON\]\] = \[)(.*?)\n?\s*\]\)?\n", re.S)
CHECKED = re.compile(r"\b(?:checked|captions|sample|added)(?:\[\"\w+\"\])*\[\"(\w+)\"\]")


def keys_of(file):
    """The keys that a reader takes from a file."""
    text = file.read_text()
    if "ComponentConfig" in text or "Checked" in text:
        yield from KEYS.findall(text)
        for entries in FIXED.findall(text):
            yield from re.findall(r'"(\w+)": \[', entries)
    if "Checked" in text:
        yield from CHECKED.findall(text)


def table():
    """The beginnings of names of refusals for each reader; none for one that refuses nothing of its own."""
    lines = [line for line in pathlib.Path("scripts/reader_refusals.txt").read_text().splitlines() if not line.startswith("#")]
    parts = [line.split("  ", 1) for line in lines]
    return {name: () if rest.startswith("- ") else tuple(rest.split("|")) for name, rest in parts}


def readers_without_refusal():
    """Readers that the table does not have, and keys of a reader of which no value is refused."""
    names = [line for line in REFUSALS.read_text().splitlines() if not line.startswith(" ")]
    starts = table()
    files = {str(file): file for file in sorted(pathlib.Path("Sources").rglob("*.swift")) if file.parts[1] != "Torture"}
    for name in sorted(set(starts) - set(files)):
        yield f"scripts/reader_refusals.txt: there is no {name}"
    for name, file in files.items():
        keys = sorted(set(keys_of(file)))
        if not keys and not OPENS.search(file.read_text()):
            continue
        if name not in starts:
            yield f"{name}: it reads files and is not in scripts/reader_refusals.txt"
            continue
        own = [one for one in names if one.startswith(starts[name])]
        if starts[name] and not own:
            yield f"{name}: {REFUSALS} has no refusal of its files"
        refused = {key for one in own for key in re.findall(r"\w+", one)}
        for key in keys:
            if key not in refused:
                yield f"{name}: the key '{key}' has no refused value in {REFUSALS}"


known = dict(line.split() for line in LIST.read_text().splitlines()) if LIST.exists() else {}
counts, failed = {}, False
for file in sorted(pathlib.Path("Sources").rglob("*.swift")):
    if file.parts[1] == "Torture":
        continue
    found = list(lines_of(file))
    counts[str(file)] = sum(not always for _, always in found)
    for line, always in found:
        if always:
            print(line)
            failed = True
    if counts[str(file)] > int(known.get(str(file), 0)) and "--accept" not in sys.argv:
        print("\n".join(line for line, always in found if not always))
        print(f"{file}: {counts[str(file)]} such lines, {known.get(str(file), 0)} of which were looked at")
        failed = True
for line in readers_without_refusal():
    print(line)
    failed = True
if "--accept" in sys.argv:
    LIST.write_text("".join(f"{file} {count}\n" for file, count in counts.items() if count))
sys.exit(failed)
