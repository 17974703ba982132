"""Finds libpng, libjpeg-turbo, libwebp and OpenSSL's libcrypto, and brings those that this machine lacks.

A library counts as found when a program that includes its header compiles, links and runs. One that
pkg-config knows in another place is linked into .deps/. On Debian and its relatives `apt-get download`
brings the rest without root: the package lists go into .deps/ too, and apt checks every package against
its signed index. On macOS Homebrew installs the rest. No pkg-config is needed: the build reads
.deps/include and .deps/lib, and other packages' builds read the .pc files written here.
"""
import json, os, re, shutil, subprocess, sys, tempfile
from pathlib import Path
from typing import NamedTuple


class Library(NamedTuple):
    name: str  # pkg-config's
    header: str
    headers: str  # a pattern of further headers to link
    link: str
    call: str
    debian: str
    fedora: str
    brew: str


PNG = Library("libpng", "png.h", "png*.h", "png16", "png_access_version_number()",
              "libpng-dev", "libpng-devel", "libpng")
JPEG = Library("libturbojpeg", "turbojpeg.h", "turbojpeg.h", "turbojpeg", "tjDestroy(tjInitDecompress())",
               "libturbojpeg0-dev", "turbojpeg-devel", "jpeg-turbo")
WEBP = Library("libwebp", "webp/decode.h", "webp", "webp", "WebPGetDecoderVersion()",
               "libwebp-dev", "libwebp-devel", "webp")
CRYPTO = Library("libcrypto", "openssl/evp.h", "openssl", "crypto", "EVP_MD_CTX_free(EVP_MD_CTX_new())",
                 "libssl-dev", "openssl-devel", "openssl@3")
# macOS has SHA-256 in CryptoKit.
LIBRARIES = [PNG, JPEG, WEBP] + ([] if sys.platform == "darwin" else [CRYPTO])
# Packages that hold the files a program needs when it runs.
RUNTIME = re.compile(r"(libpng|libturbojpeg|libssl|zlib1g)[^-]*(-[0-9t]+)?$")


def output(*command):
    """The standard output of a command; empty where it fails or is missing."""
    try:
        answer = subprocess.run(command, capture_output=True, text=True)
    except OSError:
        return ""
    return answer.stdout if answer.returncode == 0 else ""


def compiler():
    """Swift's own clang, which compiles this package's C++."""
    beside = Path(os.path.realpath(shutil.which("swift") or "/")).parent / "clang"
    return str(beside) if beside.exists() else shutil.which("clang") or "cc"


def works(library, deps):
    """Compiles, links and runs a program; the header and the library that it used, or None."""
    with tempfile.TemporaryDirectory() as folder:
        source, program = Path(folder, "check.c"), Path(folder, "check")
        source.write_text(f"#include <{library.header}>\nint main(void) {{ {library.call}; return 0; }}\n")
        flags = [f"-I{deps}/include", f"-L{deps}/lib"]
        built = subprocess.run(
            [compiler(), *flags, source, f"-l{library.link}", f"-Wl,-rpath,{deps}/lib", "-o", program],
            capture_output=True)
        if built.returncode or subprocess.run([program], capture_output=True).returncode:
            return None
        used = output(compiler(), "-M", flags[0], str(source)).replace("\\\n", " ").split()
        header = next(path for path in used if path.endswith("/" + library.header))
    names = [f"lib{library.link}.{suffix}" for suffix in ("dylib" if sys.platform == "darwin" else "so", "a")]
    laid = [str(deps / "lib" / name) for name in names]
    places = laid + [output(compiler(), f"-print-file-name={name}").strip() for name in names]
    return [header, next(filter(os.path.exists, places), "")]


def replace(target, place):
    """Calls `place(target)` after removing the old files there."""
    if target.is_symlink() or target.is_file():
        target.unlink()
    elif target.is_dir():
        shutil.rmtree(target)
    place(target)


def link_in(library, folders, library_folder, deps):
    """Links headers and libraries of another place into .deps/."""
    for folder in map(Path, folders):
        if (folder / library.header).exists():
            for source in folder.glob(library.headers):
                replace(deps / "include" / source.name, lambda target: target.symlink_to(source))
            break
    for source in Path(library_folder).glob(f"lib{library.link}.*"):
        replace(deps / "lib" / source.name, lambda target: target.symlink_to(source))


def from_pkg_config(library, deps):
    if not output("pkg-config", "--modversion", library.name):
        return
    flags = output("pkg-config", "--cflags-only-I", library.name).split()
    place = output("pkg-config", "--variable=includedir", library.name).strip()
    link_in(library, [flag.removeprefix("-I") for flag in flags] + [place],
            output("pkg-config", "--variable=libdir", library.name).strip(), deps)


def from_homebrew(missing, deps):
    """Installs formulas that are not installed, and links their files; returns the failure in words."""
    for library in missing:
        prefix = Path(output("brew", "--prefix", library.brew).strip())
        if not (prefix / "include" / library.header).exists():
            answer = subprocess.run(["brew", "install", library.brew], capture_output=True, text=True)
            if answer.returncode:
                return answer.stderr
        link_in(library, [prefix / "include"], prefix / "lib", deps)
    return ""


def from_debian(missing, deps):
    """Downloads Debian packages and lays out their headers and libraries; returns the failure in words."""
    place = deps / "debian"
    shutil.rmtree(place, ignore_errors=True)
    for folder in ("lists/partial", "archives/partial", "root"):
        (place / folder).mkdir(parents=True)
    options = ["-o", f"Dir::State::Lists={place}/lists", "-o", f"Dir::Cache={place}", "-o", "Acquire::Languages=none",
               "-o", "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false", "-o", "APT::Sandbox::User=root"]
    said = subprocess.run(["apt-get", *options, "update"], capture_output=True, text=True).stderr
    names = [library.debian for library in missing]
    depends = re.findall(r"^  Depends: (\S+)$", output("apt-cache", *options, "depends", *names), re.M)
    names += [name for name in depends if RUNTIME.match(name)]
    if PNG in missing:
        names.append("zlib1g")
    answer = subprocess.run(["apt-get", *options, "download", *names], cwd=place / "archives", capture_output=True, text=True)
    if answer.returncode:
        return said + answer.stderr
    for package in (place / "archives").glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, place / "root"], check=True)
    for library in missing:
        for folder in sorted((place / "root/usr/include").glob("**")):
            if "/" in library.header:  # a folder of headers; one half of OpenSSL's is in the folder of the architecture
                if folder.name == library.headers:
                    shutil.copytree(folder, deps / "include" / library.headers, dirs_exist_ok=True)
                continue
            for source in folder.glob(library.headers):
                replace(deps / "include" / source.name, lambda target: shutil.copy(source, target))
        # libwebp's shared library asks for others; its archive brings the decoder alone.
        for pattern in (f"lib{library.link}.{'a' if library is WEBP else 'so*'}", "libz.so*"):
            for source in (place / "root").glob(f"**/{pattern}"):
                replace(deps / "lib" / source.name, lambda target: shutil.copy(source, target, follow_symlinks=False))
    shutil.rmtree(place)
    return ""


def write_pkg_config(deps):
    for library in LIBRARIES:
        (deps / f"{library.name}.pc").write_text(
            f"Name: {library.name}\nDescription: where set-up of Lethe found it\nVersion: 1\n"
            f"Cflags: -I${{pcfiledir}}/include\nLibs: -L${{pcfiledir}}/lib -l{library.link}\n")


def provide(deps):
    """Makes every library usable; returns a line for each that this machine could not be given."""
    for folder in ("include", "lib"):
        (deps / folder).mkdir(parents=True, exist_ok=True)
    stamp = deps / "libraries.json"
    try:
        known = json.loads(stamp.read_text())
    except (OSError, ValueError):
        known = {}
    if all(known.get(l.name) and all(map(os.path.exists, known[l.name])) for l in LIBRARIES):
        return []
    found = {library: works(library, deps) for library in LIBRARIES}

    def check():
        for library in [library for library in LIBRARIES if not found[library]]:
            found[library] = works(library, deps)
        return [library for library in LIBRARIES if not found[library]]

    for library in [library for library in LIBRARIES if not found[library]]:
        from_pkg_config(library, deps)
    said = ""
    if missing := check():
        print(f"setup: {', '.join(library.name for library in missing)} from this system's packages", file=sys.stderr)
        if shutil.which("brew"):
            said = from_homebrew(missing, deps)
        elif shutil.which("apt-get"):
            said = from_debian(missing, deps)
        missing = check()
    write_pkg_config(deps)
    stamp.write_text(json.dumps({library.name: paths for library, paths in found.items() if paths}, indent=1))
    lines = [f"  {l.name}: Debian package `{l.debian}`, Fedora `{l.fedora}`, Homebrew `{l.brew}`" for l in missing]
    return lines + ([said.strip()] if missing and said.strip() else [])
