"""Checks the documentation and prints a line for each fault:

- a relative link to a file that does not exist, or a path docs/... in a source that does not;
- a fenced block below `<!-- from FILE -->` whose lines do not stand in FILE;
- a command `lethe ...` or `make ...` with an option, subcommand or target that does not exist;
- a test `XTests.name` that does not exist;
- a file XTests.swift that declares no suite XTests, or has no source X.swift and is not in the table of suites in
  docs/contributing/architecture.md;
- a public type that the topics of the library's documentation do not list;
- a README of more than 450 words beside its commands;
- an option without a comment, or docs/guide/options.md that differs from the comments or from the program's defaults
  (scripts/options.py);
- a sentence in a comment, a message or a page that begins with a question word (scripts/prose.py).


Options are those of `lethe COMMAND --help`, so they are checked where .build/release/lethe or .build/debug/lethe exists; the newer one counts.
"""
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import options as option_page
import prose

README_WORDS = 450
MADE_BY_COMMANDS = ("runs/", "data/", ".build/", ".deps/")


def tracked(*patterns):
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", *patterns], capture_output=True, text=True)
    return [Path(name) for name in listed.stdout.splitlines() if Path(name).exists()]


def without_code(text):
    """The text with code blanked, so that brackets in it are no links."""
    text = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    return re.sub(r"`[^`\n]*`", "", text)


def links(page, text):
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(text)):
        path = target.split("#")[0]
        if not path or re.match(r"[a-z]+:", path):
            continue
        if not (page.parent / path).exists():
            yield f"{page}: the link {target} leads nowhere"


def excerpts(page, text):
    for name, block in re.findall(r"<!-- from (\S+) -->\n```\w*\n(.*?)\n```", text, flags=re.S):
        if not Path(name).exists():
            yield f"{page}: {name}, which code is shown from, does not exist"
        elif block not in Path(name).read_text():
            yield f"{page}: a block is not in {name} any more; it begins with: {block.splitlines()[0].strip()}"
    # A block of Swift without a source would drift unseen.
    blocks = len(re.findall(r"^```swift", text, flags=re.M))
    if blocks != len(re.findall(r"<!-- from \S+ -->\n```swift", text)):
        yield f"{page}: a block of Swift does not name its file; write <!-- from Sources/... --> above it"


def commands(text):
    """Commands of code blocks, indented by four spaces or fenced as sh, and of `lethe ...` in a sentence."""
    code = "\n".join(re.findall(r"^```(?:sh|bash)\n(.*?)^```", text, flags=re.M | re.S))
    outside = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    code += "\n" + "\n".join(re.findall(r"`(lethe [^`\n]*)`", outside))
    code += "\n" + "\n".join(line[4:] for line in outside.splitlines() if line.startswith("    "))
    for line in re.sub(r"\\\n\s*", " ", code).splitlines():
        try:
            words = shlex.split(line, comments=True)
        except ValueError:
            continue
        while words:
            end = next((i for i, word in enumerate(words) if word in ("&&", "|", ";")), len(words))
            if words[:end]:
                yield words[:end]
            words = words[end + 1:]


def named_tests(page, text, tests):
    """Faults of `XTests` and `XTests.name` in a page."""
    for suite, name in re.findall(r"`(\w+Tests)(?:\.(\w+))?`", text):
        source = tests.get(suite)
        if suite == "XTests":
            continue
        if source is None:
            yield f"{page}: there is no test file {suite}.swift"
        elif name and not re.search(rf"\bfunc {name}\b", source):
            yield f"{page}: {suite} has no test {name}"


def strays():
    """Faults of test files that stand for no source and are not in the table of suites across sources."""
    page = Path("docs/contributing/architecture.md")
    table = page.read_text().split("## Tests\n")[-1].split("\n## ")[0]
    across = set(re.findall(r"`(\w+Tests)`", "\n".join(line for line in table.splitlines() if line.startswith("|"))))
    sources = {path.stem for path in tracked("Sources/*.swift")}
    for path in tracked("Tests/*Tests.swift"):
        suite = path.stem
        if not re.search(rf"^(?:@Suite.* )?(?:struct|final class) {suite}\b", path.read_text(), flags=re.M):
            yield f"{path}: there is no suite {suite} in it"
        if suite.removesuffix("Tests") not in sources and suite not in across:
            yield f"{path}: there is no source {suite.removesuffix('Tests')}.swift, and {page} does not list the suite"


def unlisted():
    """Faults of public types outside of the topics. The program's own are no part of the library."""
    topics = Path("Sources/Library/Lethe.docc/Lethe.md").read_text()
    for source in tracked("Sources/*.swift"):
        if source.parts[1] == "lethe":
            continue
        declared = r"^public (?:final |indirect )?(?:struct|enum|class|protocol|actor) (\w+)"
        for name in re.findall(declared, source.read_text(), flags=re.M):
            if f"``{name}``" not in topics:
                yield f"{source}: {name} is public, and Sources/Library/Lethe.docc/Lethe.md does not list it"


class Help:
    def __init__(self, program):
        self.program, self.known = program, {}

    def __call__(self, path):
        if path not in self.known:
            shown = subprocess.run([self.program, *path, "--help"], capture_output=True, text=True).stdout
            part = shown.split("OPTIONS:")[-1].split("SUBCOMMANDS:")[0] + shown.split("OVERVIEW:")[0]
            names = shown.split("SUBCOMMANDS:")[1] if "SUBCOMMANDS:" in shown else ""
            self.known[path] = (
                set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", part)),
                re.findall(r"^  ([a-z-]+)(?: \(default\))?(?:  |$)", names, flags=re.M),
                (re.findall(r"^  ([a-z-]+) \(default\)", names, flags=re.M) or [None])[0],
            )
        return self.known[path]


def options(page, words, help):
    # `lethe launch` is followed by a command of its own.
    if "launch" in words[:2] and "--" in words:
        end = words.index("--")
        yield from options(page, ["lethe", *words[end + 1:]], help)
        words = words[:end]
    path, rest = (), words[1:]
    while True:
        known, subcommands, default = help(path)
        if rest and rest[0] in subcommands:
            path, rest = path + (rest[0],), rest[1:]
        elif subcommands and default:
            path = path + (default,)
        elif subcommands and rest and not rest[0].startswith("-") and not rest[0].isupper() and rest[0] != "help":
            yield f"{page}: `{' '.join(words)}` has no subcommand {rest[0]}"
            return
        else:
            break
    known = known | help(())[0]
    for word in rest:
        option = word.split("=")[0]
        if re.match(r"--?[a-z]", option) and option not in known:
            yield f"{page}: `{' '.join(words)}`: {' '.join(('lethe',) + path)} has no option {option}"


def numbers(value):
    """A value in one spelling: 1e-05 and 0.00001 are one number."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


def leaves(value, path=""):
    if isinstance(value, dict) and (value or not path):
        for key, inside in value.items():
            yield from leaves(inside, f"{path}.{key}" if path else key)
    else:
        yield path, value


def defaults(program):
    """A line for each option whose default in the program differs from the one in its source."""
    source = option_page.Options()
    for catalog, types in (("methods", source.methods()), ("attacks", source.attacks())):
        listed = subprocess.run([program, "list", catalog, "--json"], capture_output=True, text=True).stdout
        shown = {entry["name"]: dict(leaves(entry.get("details") or {})) for entry in json.loads(listed or "[]")}
        for type in types:
            name = source.constant(type, "name")
            own = {path: json.loads(value) if value[:1] in ("[", "{") else {"true": True, "false": False}.get(value, value)
                   for path, value in source.flat(type)}
            for path in sorted(set(own) | set(shown.get(name, {}))):
                here, there = own.get(path), shown.get(name, {}).get(path)
                if numbers(here) != numbers(there):
                    yield f"{option_page.PAGE}: {name} {path}: its source has {here}, the program {there}"


def main():
    faults = list(option_page.faults()) + list(prose.faults(tracked))
    targets = set(re.findall(r"^([a-z-]+):", Path("Makefile").read_text(), flags=re.M))
    built = [Path(p) for p in (".build/release/lethe", ".build/debug/lethe") if Path(p).exists()]
    program = max(built, key=lambda p: p.stat().st_mtime, default=None)
    if len(sys.argv) > 1:
        program = Path(sys.argv[1])
    help = Help(program.resolve()) if program else None
    checked = 0
    tests = {path.stem: path.read_text() for path in tracked("Tests/*.swift")}
    if program:
        faults += list(defaults(program.resolve()))
    for page in tracked("*.md"):
        text = page.read_text()
        faults += list(links(page, text))
        faults += list(excerpts(page, text))
        faults += list(named_tests(page, text, tests))
        # The changelog tells of commands that are gone.
        for words in [] if page.name == "CHANGELOG.md" else commands(text):
            if words[0] == "make":
                wrong = [w for w in words[1:] if "=" not in w and not w.startswith("-") and w not in targets]
                faults += [f"{page}: the Makefile has no target {w}" for w in wrong]
            elif Path(words[0]).name == "lethe" and help:
                checked += 1
                faults += list(options(page, words, help))
            elif words[0].startswith("scripts/") and not Path(words[0]).exists():
                faults.append(f"{page}: {words[0]} does not exist")
    faults += list(strays())
    for source in tracked("*.swift", "*.py", "*.sh", "*.c", "*.cpp", "*.h", "Makefile", "scripts/*"):
        for path in re.findall(r"\bdocs/[\w./-]+\.(?:md|png)", source.read_text(errors="replace")):
            if not Path(path).exists():
                faults.append(f"{source}: {path} does not exist")
    faults += list(unlisted())
    outside = re.sub(r"^    .*$", "", Path("README.md").read_text(), flags=re.M)
    words = sum(any(c.isalnum() for c in word) for word in outside.split())
    if words > README_WORDS:
        faults.append(f"README.md: {words} words; at most {README_WORDS}")
    cited = dict(re.findall(r"^(version|date-released): (\S+)$", Path("CITATION.cff").read_text(), flags=re.M))
    if f"## {cited.get('version')} ({cited.get('date-released')})\n" not in Path("CHANGELOG.md").read_text():
        faults.append(f"CITATION.cff: CHANGELOG.md has no heading of version and date {cited}")
    for fault in faults:
        print(fault)
    said = f"{checked} commands checked" if help else "commands not checked, because no program is built"
    print(f"docs: {len(faults)} faults, README {words} words, {said}", file=sys.stderr if faults else sys.stdout)
    sys.exit(1 if faults else 0)


main()
