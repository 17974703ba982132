#!/usr/bin/env python3
"""Brings libtorch and the C libraries into .deps/, where the build finds them.

    TORCH_VERSION=2.13.0   the release of the `torch` wheel to take (2.13.0 and 2.11.0 are pinned)
    CUDA=1                 also take every NVIDIA wheel that a CUDA build of the wheel names
    LIBTORCH=DIR           use an existing libtorch (a folder with include/ and lib/); nothing is downloaded

pip downloads the wheels, so that its cache, its index and its local folders serve here too. Only headers and
shared libraries are unpacked; Python itself is not used after this step. Running it again does nothing. The
`torch` wheel must have one of the digests in torch-wheels.json. c_libraries.py brings the C libraries.
"""
import hashlib, importlib.util, json, os, platform, re, shutil, subprocess, sys, zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import c_libraries

ROOT = Path(__file__).resolve().parent.parent
DEPS = ROOT / ".deps"
WHEELS = DEPS / "wheels"
# A choice is kept, because `make build` sets up too: without this it would lay out the usual libtorch in a chosen one's place.
CHOICE = DEPS / "choice.json"
asked = {name: os.environ[name] for name in ("TORCH_VERSION", "CUDA", "LIBTORCH") if os.environ.get(name)}
chosen = asked or (json.loads(CHOICE.read_text()) if CHOICE.exists() else {})
VERSION = chosen.get("TORCH_VERSION", "2.13.0")
CUDA = chosen.get("CUDA", "0") != "0"
MACHINE = platform.machine()
# The two libraries that the CPU half of a CUDA wheel links against.
CPU_HALF = ("nvidia-cuda-runtime", "nvidia-cuda-cupti")
# SHA-256 of the wheels this project was tested with, and of the same release for other Pythons and systems.
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
    if missing:
        fail("these tools are missing:\n" + "\n".join(missing))


def digest_of(path):
    h = hashlib.sha256()
    with open(path, "rb") as f:
        while block := f.read(1 << 22):
            h.update(block)
    return h.hexdigest()


def pip_download(*requirements):
    """Has pip put wheels into .deps/wheels; returns the paths of all that are there."""
    if not importlib.util.find_spec("pip"):
        fail("pip is missing: Debian package `python3-pip`; or set LIBTORCH to an existing libtorch")
    WHEELS.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--dest", str(WHEELS)]
    if not sys.stderr.isatty():
        command.append("--quiet")
    environment = {"PIP_RESUME_RETRIES": "5", **os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    if subprocess.run([*command, *requirements], env=environment, stdout=sys.stderr).returncode:
        # Any Python's wheel will do: the C++ half is the same for all.
        print("setup: another Python's wheel is looked for", file=sys.stderr)
        if subprocess.run([*command, "--python-version", "3.12", *requirements], env=environment, stdout=sys.stderr).returncode:
            fail(f"pip could not download {', '.join(requirements)} for {sys.platform} {MACHINE}")
    return sorted(WHEELS.glob("*.whl"))


def torch_wheel():
    """The `torch` wheel that pip is configured to find, if its digest is pinned; else the index's own build."""
    shutil.rmtree(WHEELS, ignore_errors=True)
    pinned = any(name.split("-")[1].split("+")[0] == VERSION for name in PINNED)
    # `===` refuses builds with a local version, such as 2.13.0+cpu, which has no CUDA half.
    for equality in ("===",) if CUDA else ("==", "==="):
        wheel = pip_download(f"torch{equality}{VERSION}")[0]
        found = digest_of(wheel)
        if PINNED.get(wheel.name) == found:
            print(f"  {wheel.name}  {wheel.stat().st_size >> 20} MiB, SHA-256 as pinned", file=sys.stderr)
            return wheel
        if not pinned:
            print(f"  {wheel.name}: this project was not tested with it", file=sys.stderr)
            return wheel
        wheel.unlink()
    fail(f"{wheel.name} has SHA-256 {found}, which is not pinned; the file was removed")


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
        pip_download(f"cuda-toolkit=={toolkit}")
        with zipfile.ZipFile(next(WHEELS.glob("cuda_toolkit-*.whl"))) as archive:
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


def is_header_or_library(path):
    if path.startswith("torch/include/"):
        return True
    if re.match(r"torch/lib/[^/]+\.dylib$", path):
        return not re.search(r"libtorch_python|libshm", path)
    if not re.match(r"torch/lib/[^/]+\.so(\.[0-9]+)*$", path) and not re.match(r"torch/lib/lib(gomp|omp)[^/]*\.so[^/]*$", path):
        return False
    if path.rsplit("/", 1)[-1] in ("libtorch_python.so", "libshm.so"):  # not "shm": libtorch_nvshmem is CUDA's
        return False
    return CUDA or not re.search(r"libtorch_cuda|c10_cuda|nvshmem|caffe2_nvrtc|cusparselt", path)


def main():
    tools()
    DEPS.mkdir(exist_ok=True)
    # The C libraries come while libtorch does.
    with ThreadPoolExecutor() as pool:
        libraries = pool.submit(c_libraries.provide, DEPS)
        found = libtorch()
        if missing := libraries.result():
            fail("these libraries are missing and could not be brought:\n" + "\n".join(missing))
    print(f"setup: {found}, headers and libraries in .deps/libtorch", file=sys.stderr)


def libtorch():
    """Lays out libtorch in .deps/libtorch; returns its name."""
    link = DEPS / "libtorch"
    if existing := chosen.get("LIBTORCH"):
        home = Path(existing).resolve()
        for part in ("include/ATen/ATen.h", "lib"):
            if not (home / part).exists():
                fail(f"LIBTORCH={existing} has no {part}; give the folder that holds include/ and lib/")
        stamp_text = f"libtorch {home}"
    else:
        stamp_text = f"torch {VERSION} {MACHINE} cuda={int(CUDA)}"
        home = DEPS / f"torch-{VERSION}{'-cuda' if CUDA else ''}" / "torch"
    stamp = DEPS / "stamp"
    done = home.parent / ".complete"
    if not (stamp.exists() and stamp.read_text() == stamp_text and link.exists()):
        if not existing and not done.exists():
            print(f"setup: libtorch {VERSION} for {MACHINE}{' with CUDA' if CUDA else ''}", file=sys.stderr)
            wheel = torch_wheel()
            site = home.parent
            shutil.rmtree(site, ignore_errors=True)
            unpack(wheel, is_header_or_library, site)
            named = {
                project: version for project, version in requirements(wheel).items()
                if CUDA or project.removesuffix("-cu12").removesuffix("-cu13") in CPU_HALF}
            if named:
                pip_download(*(f"{project}=={version}" for project, version in named.items()))
            for nvidia in WHEELS.glob("nvidia_*.whl"):
                unpack(nvidia, lambda p: re.search(r"/lib/[^/]+\.so[^/]*$", p) is not None, site)
            shutil.rmtree(WHEELS)
            done.write_text(stamp_text)
        if link.is_symlink() or link.exists():
            link.unlink()
        link.symlink_to(os.path.relpath(home, DEPS) if DEPS in home.parents else home)
        (DEPS / "libtorch.pc").write_text(
            "Name: libtorch\nDescription: libtorch, CPU half\nVersion: 1\nroot=${pcfiledir}/libtorch\n"
            "Cflags: -I${root}/include -I${root}/include/torch/csrc/api/include\n"
            "Libs: -L${root}/lib -ltorch_cpu -lc10\n")
        stamp.write_text(stamp_text)
    if asked:
        CHOICE.write_text(json.dumps(asked) + "\n")
    return stamp_text


if __name__ == "__main__":
    main()
