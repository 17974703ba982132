"""Writes the manual page of a program from its own description of its commands.

man.py PROGRAM > lethe.1
"""
import datetime
import json
import subprocess
import sys


def escaped(text):
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return "\n".join("\\&" + line if line[:1] in ".'" else line for line in text.splitlines())


def names(argument):
    if argument["kind"] == "positional":
        return argument.get("valueName", "value")
    spelt = [{"long": "--", "short": "-", "longWithSingleDash": "-"}[n["kind"]] + n["name"] for n in argument["names"]]
    value = f" {argument['valueName']}" if argument["kind"] == "option" else ""
    return ", ".join(sorted(spelt)) + value


def paragraphs(text):
    """Text as it is wrapped, examples line by line."""
    for block in (text or "").strip().split("\n\n"):
        lines = block.splitlines()
        if any(line.startswith("  ") for line in lines):
            yield ".nf\n" + escaped("\n".join(lines)) + "\n.fi\n.PP"
        else:
            yield escaped(" ".join(lines)) + "\n.PP"


def command(node, path):
    title = " ".join(path)
    yield f".SS {escaped(title)}"
    yield escaped(node.get("abstract", "")) + "\n.PP"
    yield from paragraphs(node.get("discussion"))
    for argument in node.get("arguments", []):
        if not argument.get("shouldDisplay", True):
            continue
        text = argument.get("abstract", "")
        if argument.get("defaultValue"):
            text += f" (default: {argument['defaultValue']})"
        yield f".TP\n.B {escaped(names(argument))}\n{escaped(text)}"
    yield ".PP"
    for child in node.get("subcommands", []):
        if child.get("shouldDisplay", True) and child["commandName"] != "help":
            yield from command(child, path + [child["commandName"]])


def main():
    program = sys.argv[1]
    shown = subprocess.run([program, "--experimental-dump-help"], capture_output=True, text=True, check=True).stdout
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    root = json.loads(shown)["command"]
    print(f'.TH LETHE 1 "{datetime.date.today()}" "{version}" "User Commands"')
    print(f".SH NAME\nlethe \\- {escaped(root['abstract'])}")
    print(".SH SYNOPSIS\n.B lethe\n.I COMMAND\n[\\fIOPTIONS\\fR]\n.SH DESCRIPTION")
    print("\n".join(paragraphs(root.get("discussion"))))
    print(".SH COMMANDS")
    for child in root.get("subcommands", []):
        if child.get("shouldDisplay", True) and child["commandName"] != "help":
            print("\n".join(command(child, ["lethe", child["commandName"]])))


if __name__ == "__main__":
    main()
