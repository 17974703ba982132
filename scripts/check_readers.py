"""Lists lines that a stranger's file could turn into a trap; see check-readers.sh."""
import pathlib
import re
import sys

LIST = pathlib.Path("scripts/readers.txt")
BUGS = {"Sources/Torch/Fault.swift"}  # the one place that ends the process for a fault of the program itself
ANYWHERE = [
    (r"\b(Data|String)\(contentsOf:", "opens a file past InputFile"),
    (r"FileHandle\(forReading", "opens a file past InputFile"),
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
if "--accept" in sys.argv:
    LIST.write_text("".join(f"{file} {count}\n" for file, count in counts.items() if count))
sys.exit(failed)
