"""Commands that write, on models of the size of the tests: long ones for kills and races, and all for failing writes."""
import dataclasses
import pathlib
import shutil
import typing

import material
from hub import Hub


@dataclasses.dataclass
class Case:
    """The arguments for a folder, what is copied there first, and the environment."""
    arguments: typing.Callable
    start: pathlib.Path | None = None
    environment: typing.Callable = lambda folder: {}

    def begin(self, folder):
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        if self.start:
            shutil.copytree(self.start, folder)


def settings(prefix="", **values):
    """--set for each value; __ in a name is a point."""
    return [part for key, value in values.items() for part in ("--set", f"{prefix}{key.replace('__', '.')}={value}")]


SMALL = settings(training__steps=12, training__saveEvery=3, training__logEvery=2, trajectories=2, trajectorySteps=3, preserveTrajectories=1)
SHORT = settings(training__steps=4, training__saveEvery=2, training__logEvery=2, trajectories=1, trajectorySteps=3, preserveTrajectories=1,
                 parameters="xattn-kv", guarding__limit=5, guarding__every=2, guarding__prompts=1)
ESD = dict(training__steps=12, training__saveEvery=3, trajectories=2, trajectorySteps=3, preserveTrajectories=2, guarding__limit=0)
META = dict(training__steps=1, training__batch=2, pictures=2, pictureSteps=2, attack__steps=1, guarding__limit=0)
RELEARN = dict(training__steps=2, checkpoints="[1,2]", pictures=2, pictureSteps=2)
AUDIT = settings(prompts=8, neighbours=2, wordings=1, steps=2, attacks='["none","random"]', attacked=2, relearning=4, relearned=2,
                 settings='["random.attempts=2","relearn.pictures=2","relearn.pictureSteps=2","relearn.training.batch=2"]')
DRAWN = ["--steps", 2, "--seeds", 1]


class Cases(dict):
    """Cases by name. `made` has the results of commands that others need, and is made when it is first asked for."""

    def __init__(self, lethe, base):
        self.lethe, self.base, self.made = lethe, pathlib.Path(base), pathlib.Path(base) / "made"
        material.lay_out(base)
        self.made.mkdir(exist_ok=True)
        self.prepare("trained", self.train("model")(self.made / "trained")[:-2])
        self.model = self.base / "model"
        if not self.model.exists():
            shutil.copytree(self.made / "trained/model", self.model)
            material.add_themes(self.model)
        self.prepare("uce", ["erase", self.model, "--method", "uce", "--concept", "fox", "--preserve", "others"])
        self.prepare("esd", self.erase("esd", *SMALL, *settings(guarding__limit=0))(self.made / "esd")[:-2])
        self.prepare("ddpm", self.train("ddpm")(self.made / "ddpm")[:-2])
        self.prepare("squares-judge", self.train("squares-judge")(self.made / "squares-judge")[:-2])
        if not (self.made / "ddpm/judges").exists():
            shutil.copytree(self.made / "squares-judge/judge", self.made / "ddpm/judges/squares")
        if not (self.made / "set").exists():
            self.run(["eraser", "init", self.made / "set", self.model])
            self.run(["eraser", "add", self.made / "set", "fox", "cat", "--tolerance", "0.1"])
        for name in ("uce", "esd"):
            if not (self.made / f"{name}-judged").exists():
                shutil.copytree(self.made / name, self.made / f"{name}-judged")
                self.run(["evaluate", self.made / f"{name}-judged", *DRAWN])
        (self.made / "empty").mkdir(exist_ok=True)
        self.hub = Hub(self.model)
        super().__init__(self.all())

    def run(self, command):
        done = self.lethe(command)
        if done.returncode:
            raise SystemExit(f"{command} ended with {done.returncode}: {done.stderr}")

    def prepare(self, name, command):
        if not (self.made / name).exists():
            self.run([*command, "--out", self.made / name])

    def erase(self, method, *more):
        return lambda out: ["erase", self.model, "--method", method, "--concept", "fox", "--preserve", "others", *more, "--out", out]

    def train(self, recipe):
        return lambda out: ["train", self.base / f"recipes/{recipe}.json", "--data", self.base, "--out", out]

    def bench(self, *arguments):
        return lambda out: ["bench", *arguments, "--out", out]

    def all(self):
        uce, model, clip = self.made / "uce", self.model, f"clip:{material.FIXTURES / 'tiny-clip'}"
        limited = settings(guarding__limit=5, guarding__every=4, guarding__prompts=2)
        return {
            "erase esd": Case(self.erase("esd", *SMALL, *limited)),
            "erase esd, averaged": Case(self.erase("esd", *SMALL, *settings(guarding__limit=0, training__averaging=0.9))),
            "erase esd, offloaded": Case(self.erase("esd", *SMALL, *settings(guarding__limit=0, training__offload="true"))),
            "erase esd, short": Case(self.erase("esd", *SHORT)),
            "erase esd, long drawing": Case(self.erase("esd", *settings(training__steps=2, trajectories=64, trajectorySteps=20,
                                                                        preserveTrajectories=8, guarding__limit=0))),
            "erase erasediff, long drawing": Case(self.erase("erasediff", *settings(
                training__steps=2, training__batch=2, data__forget=24, data__retain=24, data__steps=20, guarding__limit=0))),
            "run": Case(lambda out: ["run", uce / "job.json", "--out", out]),
            "erase uce": Case(self.erase("uce")),
            "erase uce, exported": Case(self.erase("uce", "--export", "single")),
            "generate": Case(lambda out: ["generate", model, "--prompt", "fox", "--prompt", "a cat", "--count", 6, "--batch", 2, "--steps", 3,
                                          "--out", out]),
            "generate, short": Case(lambda out: ["generate", model, "--prompt", "fox", "--count", 2, "--batch", 1, "--steps", 2, "--out", out]),
            "make-set": Case(lambda out: ["make-set", model, "--concept", "fox", "--count", 8, "--steps", 2, "--out", out]),
            "evaluate": Case(lambda out: ["evaluate", out, *DRAWN], uce),
            "evaluate, sum": Case(lambda out: ["evaluate", model, "--with", uce, *DRAWN, "--out", out]),
            "evaluate, model": Case(lambda out: ["evaluate", model, "--quick", "--steps", 2, "--out", out]),
            "attack": Case(lambda out: ["attack", out, "--attack", "none,random", "--set", "random.attempts=2", *DRAWN, "--limit", 2], uce),
            "attack --quick": Case(lambda out: ["attack", out, "--quick", "--attack", "none,random,p4d", *settings(
                random__attempts=2, p4d__steps=2), "--steps", 2, "--limit", 2], uce),
            "relearn": Case(lambda out: ["relearn", out, *settings(**RELEARN), "--repeats", 1, "--limit", 2, "--sampling-steps", 2], uce),
            "relearn, short": Case(lambda out: ["relearn", out, "--quick", *settings(training__steps=1, training__batch=1, checkpoints="[1]",
                                                pictures=1, pictureSteps=2), "--limit", 1, "--sampling-steps", 2], uce),
            "apply": Case(lambda out: ["apply", model, "--with", uce, "--out", out]),
            "apply, one file": Case(lambda out: ["apply", model, "--with", uce, "--out", out / "model.safetensors"], self.made / "empty"),
            "apply, LoRA": Case(lambda out: ["apply", model, "--with", uce, "--lora", out / "lora.safetensors"], self.made / "empty"),
            "audit": Case(lambda out: ["audit", model, "--with", uce, "--judge", clip, "--quick", *AUDIT, "--out", out]),
            "audit, short": Case(lambda out: ["audit", model, "--with", uce, "--judge", clip, "--quick", *settings(
                prompts=2, neighbours=1, wordings=1, steps=1, attacks='["none"]', attacked=1, relearning=1, relearned=1,
                settings='["relearn.pictures=1","relearn.pictureSteps=1","relearn.training.batch=1"]'), "--out", out]),
            "report": Case(lambda out: ["report", out], self.made / "uce-judged"),
            "compare": Case(lambda out: ["compare", self.made / "uce-judged", self.made / "esd-judged", "--out", out]),
            "bench": Case(self.bench(model, "--methods", "uce", "--concept", "fox", "--quick", *DRAWN)),
            "bench, two workers": Case(self.bench(model, "--methods", "uce,esd", "--concept", "fox", *DRAWN, *settings("esd.", **ESD),
                                                  "--jobs", 2)),
            "bench robustness": Case(self.bench("robustness", model, "--methods", "uce", "--attacks", "none,random", "--concept",
                                                "fox", "--limit", 2, *DRAWN, *settings(random__attempts=2))),
            "bench relearning": Case(self.bench("relearning", model, "--methods", "esd-u", "--concept", "fox", "--limit", 2,
                                                "--repeats", 1, *DRAWN, *settings("esd-u.", **ESD), *settings("meta.", **META),
                                                *settings("relearn.", **RELEARN))),
            "bench forgetting": Case(self.bench("forgetting", self.made / "ddpm/model", "--class", "left", "--data",
                                                self.base / "squares", "--methods", "erasediff", "--seeds", 1, "--retrain-seeds", 1,
                                                "--held-out-every", 5, "--steps", 2, *settings(erasediff__training__steps=2))),
            "eraser train": Case(lambda out: ["eraser", "train", out, *settings(tolerance=0.1, training__steps=4, training__saveEvery=1,
                                                                                trajectories=1, trajectorySteps=3)], self.made / "set"),
            "train judge": Case(self.train("judge")),
            "train clip": Case(self.train("clip")),
            "train ddpm": Case(self.train("ddpm")),
            "train model": Case(self.train("model")),
            "pull": Case(lambda out: ["pull", "org/tiny"], environment=lambda out: {
                "HF_ENDPOINT": self.hub.address, "HF_HOME": str(out), "HF_HUB_CACHE": str(out / "hub")}),
        }
