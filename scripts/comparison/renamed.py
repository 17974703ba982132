"""Names that changed on purpose since version 0.1; the old side is read with the new names."""
import re

# Files of a run.
FILES = {"increment.safetensors": "eraser.safetensors"}
# Words in texts: options, files, and the list behind an unknown name.
WORDS = [
    (r"\bincrement\.safetensors\b", "eraser.safetensors"),
    (r"\bpreserveWalks\b", "preserveTrajectories"),
    (r"\bretainWalks\b", "retainTrajectories"),
    (r"\bwalkSteps\b", "trajectorySteps"),
    (r"\bwalks\b", "trajectories"),
    (r"(?<=[?;']) Known:", " known:"),
]


def text(value):
    for old, new in WORDS:
        value = re.sub(old, new, value)
    return value


def path(value):
    head, _, name = value.rpartition("/")
    return (f"{head}/" if head else "") + FILES.get(name, name)
