"""The fixed list of commands that `scripts/compare-versions` runs with two versions of the program.

Every command runs in a folder that `inputs.py` has filled: `Models` is the checkout's, `tiny` is the fixture
tiny-sd1 with three objects, two styles and the judge of Models/emoji, `moved` the same model with other weights,
`classes` is the fixture tiny-ddpm with the judge of Models/animals. Every command writes to its own folder.
"""
import shlex
from dataclasses import dataclass, field


@dataclass
class Command:
    name: str
    arguments: list
    # Commands whose folders this one reads or goes on in.
    needs: list = field(default_factory=list)
    # A command with --threads 1 gives the same bits in every run.
    threads: bool = True
    # Whether the standard output may be compared; it is not where the command prints times only.
    prints: bool = True


COMMANDS = []


def command(name, text, needs="", settings="", threads=True, prints=True):
    arguments = shlex.split(text)
    for setting in shlex.split(settings):
        arguments += ["--set", setting]
    if arguments[:1] == ["generate"] and "--guidance" not in arguments and "--help" not in arguments:
        # Version 0.1 draws every model with it.
        arguments += ["--guidance", "7.5"]
    if threads:
        arguments += ["--threads", "1"]
    COMMANDS.append(Command(name, arguments, needs.split(), threads, prints))


def prefixed(name, settings):
    return " ".join(f"{name}.{s}" for s in settings.split())


# Help and catalogs.
command("version", "--version", threads=False)
for path in [
    "", "generate", "make-set", "erase", "apply", "evaluate", "attack", "relearn", "report", "bench",
    "bench methods", "bench separability", "bench forgetting", "bench robustness", "bench relearning",
    "eraser", "eraser init", "eraser add", "eraser train", "eraser restore", "eraser remove", "eraser list",
    "eraser show", "eraser check", "train", "list",
]:
    command(("help " + path).strip().replace(" ", "-"), path + " --help", threads=False)
for catalog in ["methods", "attacks", "samplers", "metrics", "judges"]:
    command(f"list-{catalog}", f"list {catalog}", threads=False)
for catalog in ["methods", "attacks", "judges"]:
    command(f"list-{catalog}-verbose", f"list {catalog} --verbose", threads=False)

# Pictures.
command("generate", 'generate Models/emoji --prompt "a noto emoji of a fox" --prompt "a key, line style" --seed 1 '
        "--count 2 --steps 10 --out generate")
command("generate-classes", "generate Models/animals --prompt zebra --prompt cat --guidance 1.5 --steps 10 "
        "--out generate-classes")
for sampler in ["ddim", "ddpm", "pndm", "lms", "euler", "euler-a", "dpm++2m"]:
    command(f"generate-{sampler}", f'generate tiny --prompt "a fox" --sampler {sampler} --steps 6 --seed 3 '
            f"--out generate-{sampler}")
command("generate-eta", 'generate tiny --prompt "a fox" --eta 0.5 --steps 6 --width 24 --height 16 --out generate-eta')
command("generate-csv", "generate tiny --prompts prompts.csv --steps 4 --count 2 --out generate-csv")
command("generate-dry", "generate tiny --prompts prompts.csv --dry-run --out generate-dry")
command("generate-sd2", 'generate Fixtures/tiny-sd2 --prompt "a fox" --steps 4 --out generate-sd2')
command("generate-sdxl", 'generate Fixtures/tiny-sdxl --prompt "a fox" --steps 4 --out generate-sdxl')
command("make-set-concept", "make-set tiny --concept fox --count 4 --steps 4 --out make-set-concept")
command("make-set-others", "make-set tiny --others fox --count 6 --steps 4 --out make-set-others")
command("make-set-prompt", 'make-set Models/emoji --prompt "a noto emoji of a key" --count 2 --steps 6 --seed 2 '
        "--out make-set-prompt")

# The embedded model from the eraser to the report.
command("erase-emoji-esd", "erase Models/emoji --method esd --concept fox --preserve others --seed 1 "
        "--out erase-emoji-esd",
        settings="training.steps=28 training.batch=2 walks=2 walkSteps=10 preserveWalks=4 guarding.every=7 eta=3")
command("erase-emoji-uce", 'erase Models/emoji --method uce --concept "symbola style" --preserve others '
        "--out erase-emoji-uce", settings="push=1")
command("generate-with", 'generate Models/emoji --with erase-emoji-esd --with erase-emoji-uce/increment.safetensors '
        '--prompt "a noto emoji of a fox" --prompt "a symbola emoji of a key" --steps 6 --out generate-with',
        "erase-emoji-esd erase-emoji-uce")
command("evaluate-emoji", "evaluate erase-emoji-uce --quick --steps 4", "erase-emoji-uce")
command("report-emoji", "report erase-emoji-uce", "evaluate-emoji")
# Half forgotten, so that some prompts show the fox before an attack and some withstand.
command("attack-emoji", "attack erase-emoji-esd --attack none,random,seeds,unlearndiff,p4d,ringabell,inversion "
        "--prompts 8 --seeds 2 --steps 6", "erase-emoji-esd",
        "random.attempts=2 seeds.attempts=2 unlearndiff.times=1 unlearndiff.steps=3 p4d.times=1 p4d.steps=3 "
        "ringabell.population=8 ringabell.generations=4 inversion.training.steps=3 inversion.pictures=2 "
        "inversion.pictureSteps=4")
command("audit-classes", "evaluate Models/animals --seeds 1 --steps 4 --guidance 1.5 --out audit-classes")
command("apply-lora", "apply Models/emoji --with erase-emoji-uce --lora apply-lora/exact.safetensors",
        "erase-emoji-uce")
command("apply-rank", "apply Models/emoji --with erase-emoji-uce --lora apply-rank/rank.safetensors --rank 2",
        "erase-emoji-uce")
command("erase-dry", "erase Models/emoji --method meta --concept fox --preserve others --out erase-dry --dry-run",
        settings="base=sdd")

# Every method, tiny.
STEPS = "training.steps=4 training.learningRate=0.001 guarding.limit=0"
WALKS = "walks=2 walkSteps=4"
DATA = "data.forget=4 data.retain=6 data.steps=2 data.guidance=2"
POOL = "options.walks=2 options.walkSteps=4"
INNER = f"{POOL} options.preserveWalks=2"
METHODS = {
    "esd": f"{STEPS} {WALKS} preserveWalks=2",
    "uce": "",
    "rece": "epochs=1",
    "sdd": f"{STEPS} {WALKS} preserveWalks=2",
    "ablation": f"{STEPS} {WALKS} preserveWalks=2",
    "advunlearn": f"{STEPS} training.batch=2 cleanSteps=1 adversary.steps=2 retainWalks=2 {POOL}",
    "meta": f"{STEPS} training.batch=2 pictures=2 pictureSteps=2 {INNER}",
    "sepme": f"training.steps=4 tolerance=0.1 walks=1 walkSteps=3",
    "erasediff": f"{STEPS} training.batch=2 pool=4 {DATA}",
    "salun": f"{STEPS} training.batch=2 saliencySteps=2 {DATA}",
    "randomlabel": f"{STEPS} training.batch=2 {DATA}",
    "amnesia": f"{STEPS} training.batch=2 fisherPictures=2 fisherTimes=2 {DATA}",
    "scissorhands": f"{STEPS} training.batch=2 pruneBatches=2 {DATA}",
    "munba": f"{STEPS} training.batch=2 {DATA}",
    "ascent": f"{STEPS} training.batch=2 {DATA}",
    "finetune": f"{STEPS} training.batch=2 {DATA}",
    "retrain": f"{STEPS} training.batch=2 {DATA}",
}
for method, settings in METHODS.items():
    command(f"erase-{method}", f"erase tiny --method {method} --concept fox --preserve others --seed 1 "
            f"--out erase-{method}", settings=settings)
command("erase-style", 'erase tiny --method esd --concept "noto style" --replace-with "symbola style" '
        '--preserve "a cat" --out erase-style --export diffusers',
        settings=f"training.steps=4 {WALKS} preserveWalks=2 guarding.every=2 parameters=noxattn eta=3")
command("erase-two", "erase tiny --method uce --concept fox --concept cat --preserve others --out erase-two")
command("erase-collapse", "erase tiny --method esd --concept fox --out erase-collapse",
        settings="training.steps=10 training.learningRate=0.2 walks=2 walkSteps=4 parameters=full guarding.every=5")
command("erase-folders", "erase tiny --method erasediff --concept fox --forget-images make-set-concept "
        "--retain-images make-set-others --out erase-folders", "make-set-concept make-set-others",
        f"{STEPS} training.batch=2 pool=0 rule=paper")
command("erase-fast", "erase tiny --method advunlearn --concept fox --preserve others --out erase-fast",
        settings=METHODS["advunlearn"] + " adversary.kind=fast")
command("erase-published", "erase tiny --method advunlearn --concept fox --preserve others --out erase-published",
        settings=METHODS["advunlearn"] + " adversary.published=true")
command("erase-meta-uce", "erase tiny --method meta --concept fox --preserve others --out erase-meta-uce",
        settings=f"base=uce {STEPS} training.batch=2 pictures=2 pictureSteps=2")
command("erase-sepme-whole", "erase tiny --method sepme --concept fox --concept cat --preserve others "
        "--out erase-sepme-whole", settings=METHODS["sepme"] + " form=whole")
command("erase-classes", "erase classes --method erasediff --concept cat --preserve others --data squares "
        "--out erase-classes", settings=f"{STEPS} training.batch=4 pool=4")
command("erase-sdxl", "erase Fixtures/tiny-sdxl --method esd --concept fox --preserve \"a cat\" --out erase-sdxl",
        settings=METHODS["esd"])
command("erase-again", "erase tiny --method uce --concept fox --preserve others --seed 1 --out erase-uce", "erase-uce")
command("erase-refused", "erase tiny --method uce --concept cat --preserve others --seed 1 --out erase-uce",
        "erase-again")

# Judged, reported, applied.
command("evaluate", "evaluate erase-esd --quick --steps 4", "erase-esd")
command("evaluate-style", "evaluate erase-style --seeds 2 --steps 4", "erase-style")
command("evaluate-classes", "evaluate erase-classes --quick --steps 2 --guidance 1.5", "erase-classes")
command("audit", "evaluate tiny --seeds 2 --steps 4 --out audit")
command("report", "report erase-esd", "evaluate")
command("report-style", "report erase-style", "evaluate-style")
command("report-classes", "report erase-classes", "evaluate-classes")
command("apply-out", "apply tiny --with erase-esd --with erase-two --out apply-out", "erase-esd erase-two")
command("apply-half", "apply tiny --with erase-uce --out apply-half --half", "erase-uce")
command("apply-plug-in", "apply moved --plug-in erase-advunlearn --out apply-plug-in", "erase-advunlearn")
command("generate-applied", 'generate apply-out --prompt "a fox" --steps 4 --out generate-applied', "apply-out")

# Every attack, tiny.
ATTACKS = ("random.attempts=2 seeds.attempts=2 unlearndiff.times=2 unlearndiff.steps=2 p4d.times=2 p4d.steps=2 "
           "ringabell.population=6 ringabell.generations=2 inversion.training.steps=2 inversion.pictures=2 "
           "inversion.pictureSteps=2 relearn.training.steps=2 relearn.checkpoints=[1,2] relearn.pictures=2 "
           "relearn.pictureSteps=2")
command("attack", "attack erase-sdd --attack all --seeds 2 --steps 3 --prompts 4", "erase-sdd", ATTACKS)
command("attack-sure", "attack erase-ablation --attack all --quick --steps 3 --prompts 2 --threshold 1",
        "erase-ablation", ATTACKS)
command("attack-again", "attack erase-sdd --attack all --seeds 2 --steps 3 --prompts 4", "attack", ATTACKS)
TUNING = "training.batch=2 checkpoints=[1,2] pictures=3 pictureSteps=2"
command("relearn", "relearn erase-uce --quick --steps 2 --prompts 2 --sampling-steps 3", "erase-refused", TUNING)
command("relearn-lora", "relearn erase-rece --seeds 2 --mode lora --steps 2 --prompts 2 --sampling-steps 3",
        "erase-rece", TUNING)
command("relearn-data", "relearn erase-fast --quick --data make-set-concept --steps 2 --prompts 2 --sampling-steps 3",
        "erase-fast make-set-concept", TUNING)

# A set of erasers.
command("eraser-init", 'eraser init set --model tiny --protect "an owl" --seed 2')
command("eraser-add", "eraser add set fox cat --tolerance 0.1", "eraser-init")
command("eraser-add-prompt", 'eraser add set moon --prompt "the moon" --paraphrase "a moon" --tolerance 0.1',
        "eraser-add")
SEPME = "tolerance=0.1 training.steps=4 walks=1 walkSteps=3"
command("eraser-dry", "eraser train set --dry-run", "eraser-add-prompt", SEPME)
command("eraser-train", "eraser train set", "eraser-dry", SEPME)
command("eraser-list", "eraser list set", "eraser-train")
command("eraser-show", "eraser show set fox", "eraser-train")
command("eraser-check", "eraser check set --limit 1 --verbose", "eraser-train")
command("eraser-check-fails", "eraser check set --limit 1e-9", "eraser-train")
command("generate-set", 'generate tiny --erasers set --prompt fox --steps 4 --out generate-set', "eraser-train")
command("generate-active", 'generate tiny --erasers set --active cat --prompt fox --steps 4 --out generate-active',
        "eraser-train")
command("generate-mixed", "generate tiny --erasers set --prompts erasers.csv --steps 4 --out generate-mixed",
        "eraser-train")
command("apply-set", "apply tiny --erasers set --active fox,cat --lora apply-set/set.safetensors --out apply-set/model",
        "eraser-train")
command("eraser-restore", "eraser restore set fox", "generate-set generate-active generate-mixed apply-set eraser-show "
        "eraser-list eraser-check eraser-check-fails")
command("generate-restored", 'generate tiny --erasers set --prompt fox --steps 4 --out generate-restored',
        "eraser-restore")
command("eraser-remove", "eraser remove set moon", "generate-restored")
command("eraser-list-end", "eraser list set", "eraser-remove")

# Benches.
command("bench-methods", "bench tiny --methods esd,uce --concept fox --concept \"symbola style\" --quick --steps 3 "
        "--out bench-methods", settings=prefixed("esd", METHODS["esd"]))
command("bench-methods-draw", "bench methods tiny --methods uce --draw 1,1 --seed 1 --seeds 1 --steps 2 --jobs 2 "
        "--out bench-methods-draw")
command("bench-separability", "bench separability --model tiny --methods sepme,ablation --seeds 1 --steps 2 "
        "--out bench-separability",
        settings=prefixed("sepme", SEPME) + " " + prefixed("ablation", f"{STEPS} walks=1 walkSteps=3"))
ADV = "training.steps=2 cleanSteps=1 options.walks=2 options.walkSteps=3 retainWalks=2 guarding.limit=0"
command("bench-robustness", "bench robustness --model tiny --concept fox --methods none,esd-u,uce,advunlearn-fast "
        "--prompts 2 --seeds 2 --steps 2 --out bench-robustness",
        settings=prefixed("esd-u", f"{STEPS} {WALKS} preserveWalks=2") + " " + prefixed("advunlearn-fast", ADV)
        + " " + ATTACKS)
command("bench-relearning", "bench relearning --model tiny --concept fox --methods esd-u-1,esd-u-3,uce --prompts 2 "
        "--repeats 2 --seeds 2 --steps 2 --jobs 2 --out bench-relearning",
        settings=" ".join(prefixed(m, f"{STEPS} {WALKS} preserveWalks=2 captions=true anchored=true preserveWeight=1") for m in ["esd-u-1", "esd-u-3"]) + " "
        + prefixed("meta", f"{STEPS} training.batch=2 pictures=2 pictureSteps=2") + " "
        + prefixed("relearn", "training.batch=2 checkpoints=[2] pictures=3 pictureSteps=2 training.steps=2"))
command("bench-forgetting", "bench forgetting --model classes --class cat --data squares --seeds 2 --held-out-every 5 "
        "--steps 2 --methods retrain,erasediff,salun,amnesia,finetune --out bench-forgetting",
        settings=" ".join([
            prefixed("retrain", "training.steps=3 training.batch=4"),
            prefixed("erasediff", "training.steps=2 training.batch=4 pool=4"),
            prefixed("salun", "training.steps=2 training.batch=4 saliencySteps=2"),
            prefixed("amnesia", "training.steps=2 training.batch=4 fisherPictures=2 fisherTimes=2 data.forget=4 "
                     "data.retain=6 data.steps=2"),
            prefixed("finetune", "training.steps=2 training.batch=4"),
        ]))
command("bench-forgetting-quick", "bench forgetting --model classes --class cat --data squares --quick "
        "--held-out-every 5 --steps 2 --out bench-forgetting-quick",
        settings=" ".join(prefixed(m, "training.steps=2 training.batch=4") for m in ["erasediff", "salun", "finetune"])
        + " erasediff.pool=4 salun.saliencySteps=2")

# Training from recipes.
command("train-dry", "train Models/emoji/recipe.json --dry-run --out train-dry")
command("train-model", "train recipes/model.json --out train-model")
command("train-ddpm", "train recipes/ddpm.json --out train-ddpm")
command("train-judge", "train recipes/judge.json --out train-judge")
command("train-judge-classes", "train recipes/judge-classes.json --out train-judge-classes")
command("speed", "speed tiny --stage unet --repeats 1", prints=False)

# Bad days: exit codes and sentences.
command("bad-method", "erase tiny --method edd --concept x --out bad")
command("bad-option", "erase tiny --method esd --concept x --set training.step=1 --out bad")
command("bad-parameters", "erase tiny --method esd --concept x --set parameters=xatn --out bad")
command("bad-folder", "generate nowhere --prompt x --out bad")
command("bad-csv", "generate tiny --prompts bad.csv --out bad")
command("bad-run", "evaluate nothing")
command("bad-class", "generate Models/animals --prompt tiger --out bad")
command("bad-usage", "erase tiny --method esd")
command("bad-attack", "attack erase-esd --attack randon", "erase-esd")
command("bad-stray", "attack erase-esd --attack random --set seeds.attempts=2", "erase-esd")
command("bad-lora", "apply tiny --with erase-esd --lora bad.safetensors", "erase-esd")
command("bad-training", "erase tiny --method esd --concept x --out bad-training",
        settings="training.learningRate=1e30 guarding.limit=0 walkSteps=3 walks=1 training.steps=20")
