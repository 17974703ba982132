#!/usr/bin/env python3
"""Brings Debian's headless Chromium into .deps/chromium, without root and without installing a package.

    scripts/studio/chromium.py        prints the program to run; an installed Chromium is taken where there is one

The packages are those of Debian's own lists, which apt keeps below .deps/ here and checks against the index that the
distribution signed. Libraries that Chromium needs and fonts come from there too, so that a machine without a desktop
will do. Running it again does nothing.
"""
import os, re, shutil, subprocess, sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PLACE = ROOT / ".deps" / "chromium"
INSTALLED = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
# The C library is the system's; the others' files are no libraries.
LEFT_OUT = re.compile(r"(libc6|libc-bin|libgcc-s1|gcc-.*-base|libstdc\+\+6|debconf.*|.*-data|.*-common|.*-dev|.*:.*)$")


def refuse(reason):
    """Ends with code 3, which says that no browser is there, and not that a test failed."""
    print(f"chromium: {reason}", file=sys.stderr)
    sys.exit(3)


def apt(*arguments, folder=None):
    options = ["-o", f"Dir::State::Lists={PLACE}/lists", "-o", f"Dir::Cache={PLACE}", "-o", "Acquire::Languages=none",
               "-o", "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false", "-o", "APT::Sandbox::User=root"]
    program, *rest = arguments
    answer = subprocess.run([program, *options, *rest], cwd=folder, capture_output=True, text=True)
    if answer.returncode:
        refuse(f"`{' '.join(arguments)[:200]}` failed: {answer.stderr.strip()[-400:]}")
    return answer.stdout


def bring():
    """Downloads and unpacks Chromium with the libraries that it names; returns nothing."""
    shutil.rmtree(PLACE, ignore_errors=True)
    for folder in ("lists/partial", "archives/partial", "tree"):
        (PLACE / folder).mkdir(parents=True)
    apt("apt-get", "update")
    named = apt("apt-cache", "depends", "--recurse", "--no-recommends", "--no-suggests", "--no-conflicts", "--no-breaks",
                "--no-replaces", "--no-enhances", "chromium-headless-shell")
    names = {line for line in named.splitlines() if re.match(r"lib[a-z0-9.+-]+$", line) and not LEFT_OUT.match(line)}
    names |= {"chromium-headless-shell", "chromium-common", "fonts-dejavu-core", "fontconfig-config", "zlib1g"}
    apt("apt-get", "download", *sorted(names), folder=PLACE / "archives")
    for package in sorted((PLACE / "archives").glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", package, PLACE / "tree"], check=True)
    for folder in ("lists", "archives", "pkgcache.bin", "srcpkgcache.bin"):
        shutil.rmtree(PLACE / folder, ignore_errors=True)


def program():
    """The command of a Chromium without a window, and the environment that it needs."""
    for name in INSTALLED:
        if path := shutil.which(name):
            return path, dict(os.environ)
    shell = PLACE / "tree/usr/lib/chromium/chromium-headless-shell"
    if not shell.exists():
        if sys.platform != "linux" or not shutil.which("apt-get"):
            refuse("none is installed, and this system has no apt-get to bring one")
        bring()
    if not shell.exists():
        shells = sorted((PLACE / "tree").glob("**/*headless*shell*"))
        refuse(f"the package has no {shell.name}; it has {[str(s) for s in shells][:10]}")
    folders = [str(p) for pattern in ("lib/*-linux-gnu*", "usr/lib/*-linux-gnu*") for p in sorted((PLACE / "tree").glob(pattern))]
    folders += [f"{f}/{sub}" for f in folders for sub in ("pulseaudio", "nss") if Path(f, sub).exists()]
    fonts = PLACE / "fonts.conf"
    fonts.write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
        f"<dir>{PLACE}/tree/usr/share/fonts</dir><cachedir>{PLACE}/font-cache</cachedir></fontconfig>\n")
    return str(shell), {**os.environ, "LD_LIBRARY_PATH": ":".join(folders), "FONTCONFIG_FILE": str(fonts)}


if __name__ == "__main__":
    print(program()[0])
