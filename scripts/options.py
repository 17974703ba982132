"""The options of methods, attacks and recipes, read from the comments above them in Sources.

    python3 scripts/options.py          writes docs/guide/options.md and Sources/lethe/OptionMeanings.swift
    python3 scripts/options.py --check  prints a line for each option without a comment, and one for a page that is stale

The check is part of `make lint`. Where the program is built, scripts/check_docs.py also compares the defaults with
`lethe list methods --json`.
"""
import re
import sys
from pathlib import Path

PAGE = Path("docs/guide/options.md")
SOURCE = Path("Sources/lethe/OptionMeanings.swift")
SHORTEST = 20
RECIPES = {"stable-diffusion": "ModelRecipe", "ddpm": "DDPMRecipe", "judge": "JudgeRecipe", "clip": "CLIPRecipe"}
# Arguments of initialisers that are named otherwise than the option that they set.
RENAMED = {"rate": "learningRate", "": "kind"}
# Groups of options that several methods or recipes have, in the page's order, and their headings.
SHARED = {
    "Training": "Training", "OptimizerOptions": "Optimizer", "GuardOptions": "Guard", "DataOptions": "Data",
    "AdversaryOptions": "Adversary", "MetaGradient.Attack": "Simulated fine-tuning",
    "MetaUnlearning.Weights": "Weights of other subjects", "ModelRecipe.DataSource": "Data of drawings",
    "Captions": "Captions", "ModelRecipe.Tokenizer": "Tokenizer", "Augmentation": "Augmentation",
}


class Variable:
    """A stored property: its name, its type or None, its default as source or None, and its comment."""

    def __init__(self, place, name, type, default, comment):
        self.place, self.name, self.type, self.default, self.comment = place, name, type, default, comment


class Type:
    def __init__(self, name, kind, owner):
        self.name, self.kind, self.owner = name, kind, owner
        self.parents, self.variables, self.text = [], [], ""

    @property
    def whole(self):
        return f"{self.owner.name}.{self.name}" if self.owner else self.name

    def own(self, name):
        return next((v for v in self.variables if v.name == name), None)


def parts(text):
    """The parts of a list between commas that stand in no bracket or string."""
    found, depth, quoted, current = [], 0, False, ""
    for c in text:
        if c == '"':
            quoted = not quoted
        elif not quoted and c in "([{":
            depth += 1
        elif not quoted and c in ")]}":
            depth -= 1
        if c == "," and depth == 0 and not quoted:
            found.append(current.strip())
            current = ""
        else:
            current += c
    return found + ([current.strip()] if current.strip() else [])


def comment(lines, i):
    """The doc comment that ends above line i."""
    found = []
    while i > 0 and lines[i - 1].strip().startswith("///"):
        i -= 1
        found.insert(0, lines[i].strip()[3:].strip())
    return " ".join(found)


def declared(place, lines, i):
    """The stored properties that a line declares. A line with a body declares none, but in a protocol."""
    match = re.match(r" *(?:(?:public|package|internal)(?:\(set\))? )?var (\(.*?\)|\w+)(?:: ([^={]+?))?(?: = (.*)|\s*\{ get.*)?$", lines[i])
    if not match:
        return []
    name, kind, value = match.groups()
    if value is not None:
        j = i
        while value.count("(") > value.count(")") or value.count("[") > value.count("]"):
            j += 1
            value += " " + lines[j].strip()
    said = comment(lines, i)
    if name.startswith("("):
        values = parts((value or "").strip()[1:-1])
        return [Variable(place, n, None, v, said) for n, v in zip(parts(name[1:-1]), values)]
    return [Variable(place, name, kind, value, said)]


def types():
    """Every type of Sources by its name; one in another type also by OWNER.NAME."""
    found = {}
    for file in sorted(Path("Sources").rglob("*.swift")):
        lines, open_types = file.read_text().splitlines(), []
        for i, line in enumerate(lines):
            indent = len(line) - len(line.lstrip())
            if line.strip():
                while open_types and indent <= open_types[-1][0] and line.strip() != "":
                    open_types.pop()
            match = re.match(r" *(?:(?:public|package|internal|private|fileprivate) )*(struct|protocol|enum) (\w+)(?:<[^>]*>)?(?:: ([^{]*))?", line)
            if match:
                owner = open_types[-1][1] if open_types else None
                new = Type(match[2], match[1], owner)
                new.parents = [p.strip() for p in (match[3] or "").split(",") if p.strip()]
                found[new.whole] = new
                if line.rstrip().endswith("{") or not line.rstrip().endswith("}"):
                    open_types.append((indent, new))
                continue
            if open_types and indent == open_types[-1][0] + 2:
                open_types[-1][1].variables += declared(f"{file}:{i + 1}", lines, i)
            if open_types:
                open_types[-1][1].text += line + "\n"
    return found


class Options:
    def __init__(self):
        self.types = types()

    def ancestors(self, type):
        for name in type.parents:
            parent = self.types.get(name)
            if parent and parent.kind == "protocol":
                yield parent
                yield from self.ancestors(parent)

    def conforming(self, protocol):
        return [t for t in self.types.values() if t.kind == "struct" and any(p.name == protocol for p in self.ancestors(t))]

    def meaning(self, type, variable):
        """A property's comment, else that of the protocol that asks for it."""
        if variable.comment:
            return variable.comment
        for parent in self.ancestors(type):
            own = parent.own(variable.name)
            if own and own.comment:
                return own.comment
        return ""

    def group(self, type, variable):
        """The type of a property that has options of its own, and the arguments that its default sets."""
        match = re.match(r"([\w.]+)\((.*)\)$", variable.default or "")
        name = match[1] if match and match[1] != ".init" else variable.type or ""
        for full in (f"{type.name}.{name}", name):
            found = self.types.get(full)
            if found and found.kind == "struct" and found.name not in ("InnerMethod", "JSON") and found.variables:
                arguments = {}
                for argument in parts(match[2]) if match else []:
                    key, _, value = argument.partition(": ") if re.match(r"\w+: ", argument) else ("", "", argument)
                    arguments[RENAMED.get(key, key)] = value
                return found, arguments
        return None

    def constant(self, type, name):
        match = re.search(rf"static let {name} = \"([^\"]*)\"", type.text)
        return match[1] if match else None

    def literal(self, default):
        """A default as users write it."""
        if default is None or default in ("JSON.object([:])",):
            return "{}" if default else ""
        match = re.match(r"InnerMethod\((\w+)\.name\)", default)
        if match:
            return self.constant(self.types[match[1]], "name")
        if re.match(r"(?:[A-Z]\w*)?(?:\.\w+)*\.[a-z]\w*$", default):
            return default.split(".")[-1]
        if default.startswith("["):
            return "[" + ", ".join(parts(default[1:-1])) + "]"
        return default.strip('"') if default.startswith('"') else default.replace("_", "")

    def initial(self, type, name):
        """The default of an initialiser's argument."""
        heads = "\n".join(re.findall(r"init\(([^()]*(?:\([^()]*\)[^()]*)*)\)", type.text))
        for argument in parts(heads.replace("\n", " ")):
            match = re.match(r"(?:_ )?(\w+): [\w\[\]]+ = (.*)$", argument)
            if match and RENAMED.get(match[1], match[1]) == name:
                return match[2]
        return None

    def flat(self, type, given=None, path=""):
        """Pairs of an option's whole path and its default."""
        for variable in type.variables:
            default = (given or {}).get(variable.name) or variable.default or self.initial(type, variable.name)
            whole = Variable(variable.place, variable.name, variable.type, default, variable.comment)
            if default and default.startswith(".init("):
                whole.default = (variable.type or "") + default[len(".init"):]
            inside = self.group(type, whole)
            if inside:
                yield from self.flat(inside[0], inside[1], f"{path}{variable.name}.")
            elif not (variable.type or "").endswith("?"):
                yield path + variable.name, self.literal(default)

    def rows(self, type):
        for variable in type.variables:
            inside = self.group(type, variable)
            default, said = self.literal(variable.default or self.initial(type, variable.name)), self.meaning(type, variable)
            if inside:
                usual = dict(self.flat(inside[0]))
                own = dict(self.flat(*inside))
                default = ", ".join(f"`{k}` {v}" for k, v in own.items() if usual.get(k) != v)
                heading = SHARED.get(inside[0].whole)
                if heading:
                    default = default or "those of the group"
                    said += f" Options: [{heading.lower()}](#{heading.lower().replace(' ', '-')})."
            elif default != "":
                default = f"`{default}`"
            elif variable.default == '""':
                default = "empty"
            yield f"| `{variable.name}` | {default} | {cell(said)} |"
            if inside and inside[0].whole not in SHARED:
                for row in self.rows(inside[0]):
                    yield row.replace("| `", f"| `{variable.name}.", 1)

    def table(self, type):
        rows = list(self.rows(type))
        return ["", "| option | default | meaning |", "|---|---|---|"] + rows if rows else ["", "It has no options."]

    def catalog(self, file):
        listed = re.search(r"static let builtIn = .*?\[(.*?)\]\)", Path(file).read_text(), flags=re.S)[1]
        return [self.types[name] for name in re.findall(r"(\w+)\.self", listed)]

    def methods(self):
        return self.catalog("Sources/Unlearning/MethodCatalog.swift")

    def attacks(self):
        return self.catalog("Sources/Attacks/AttackCatalog.swift")

    def section(self, type):
        title = re.search(r"title: \"([^\"]*)\"", type.text)[1]
        paper = re.search(r"paper: \"([^\"]*)\", year: (\d+)", type.text)
        origin = " (" + ", ".join(p for p in paper.groups() if p) + ")" if paper else ""
        return ["", f"### {self.constant(type, 'name')}", "", f"{title}{origin}."] + self.table(type)

    def page(self):
        lines = [
            "# Options", "",
            "<!-- scripts/options.py writes this page from the comments in Sources. -->", "",
            "`erase` takes an option of its method as `--set KEY=VALUE`, `attack` one of an attack as `--set ATTACK.KEY=VALUE`.",
            "An option of a group has the group's name before it: `--set training.steps=400`. A wrong value is refused with the",
            "accepted ones. `lethe list methods MODEL` and `lethe list attacks MODEL` print the values that a run on a model's folder",
            "uses where they are not the defaults.", "",
            "[Methods](#methods), [attacks](#attacks), [recipes](#recipes), [groups](#groups) that several of them have.", "",
            "## Methods",
        ]
        for type in self.methods():
            lines += self.section(type)
        lines += ["", "## Attacks"]
        for type in self.attacks():
            lines += self.section(type)
        lines += ["", "## Recipes", "", "`lethe train` takes a file with these keys. Its `kind` chooses among the four."]
        for kind, name in RECIPES.items():
            lines += ["", f"### {kind}"] + self.table(self.types[name])
        lines += ["", "## Groups"]
        for name, heading in SHARED.items():
            lines += ["", f"### {heading}"] + self.table(self.types[name])
        return "\n".join(lines) + "\n"

    def meanings(self, type, path=""):
        """Pairs of an option's whole path and its meaning."""
        for variable in type.variables:
            inside = self.group(type, variable)
            yield path + variable.name, self.meaning(type, variable)
            if inside:
                yield from self.meanings(inside[0], f"{path}{variable.name}.")

    def source(self):
        """The meanings for `lethe list --verbose`, each with the methods or attacks that share it."""
        lines = [
            "// scripts/options.py writes this file from the comments in Sources.", "// swift-format-ignore-file", "",
            "/// The meaning of an option.", "struct OptionMeaning {", "  /// The option's whole path.", "  let option: String",
            "  let text: String", "  /// The methods or attacks that have it.", "  let owners: [String]", "}", "",
        ]
        groups, values = {}, []
        for name, listed in (("methods", self.methods()), ("attacks", self.attacks())):
            shared = {}
            for type in listed:
                for pair in self.meanings(type):
                    shared.setdefault(pair, []).append(self.constant(type, "name"))
            values += [f"  static let {name}: [OptionMeaning] = ["]
            for (key, said), names in shared.items():
                plain = re.sub(r"``(.*?)``", r"`\1`", said)
                group = groups.setdefault(tuple(names), f"owners{len(groups) + 1}")
                values.append(f'    OptionMeaning(option: "{key}", text: #"{plain}"#, owners: {group}),')
            values += ["  ]"]
        lines += [f"private let {group} = [{', '.join(map(quoted, names))}]" for names, group in groups.items()]
        return "\n".join(lines + ["", "/// The meanings of options, by catalog.", "enum OptionMeanings {"] + values + ["}"]) + "\n"

    def unsaid(self):
        """A line for each option without a comment."""
        asked = self.conforming("UnlearningMethod") + self.conforming("Attack")
        for type in self.types.values():
            outer = type
            while outer.owner:
                outer = outer.owner
            named = type.name.endswith(("Options", "Recipe")) or outer.name.endswith("Recipe") or type.whole in SHARED
            if type.kind == "struct" and named and "ParsableArguments" not in type.parents:
                asked.append(type)
        for type in dict.fromkeys(asked):
            for variable in type.variables:
                if len(self.meaning(type, variable)) < SHORTEST:
                    yield (f"{variable.place}: the option {type.name}.{variable.name} does not say its meaning; "
                           f"a doc comment of {SHORTEST} characters or more does")


def quoted(text):
    return f'"{text}"'


def cell(text):
    text = re.sub(r"``(\w+)``", r"`\1`", text)
    return text.replace("|", "\\|").replace("<", "&lt;")


def faults():
    options = Options()
    yield from options.unsaid()
    if not PAGE.exists() or PAGE.read_text() != options.page():
        yield f"{PAGE}: it differs from the comments in Sources; python3 scripts/options.py writes it"
    if not SOURCE.exists() or SOURCE.read_text() != options.source():
        yield f"{SOURCE}: it differs from the comments in Sources; python3 scripts/options.py writes it"


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        found = list(faults())
        print("\n".join(found))
        sys.exit(1 if found else 0)
    options = Options()
    PAGE.write_text(options.page())
    SOURCE.write_text(options.source())
