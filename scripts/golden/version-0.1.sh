#!/usr/bin/env bash
# Writes Tests/Fixtures/version-0.1 with the program of a checkout of version 0.1.0:
#
#     scripts/golden/version-0.1.sh CHECKOUT_OF_0.1.0 [OUT]
#
# The model is the fixture tiny-sd1 with three objects, two styles and a judge that is trained here. Only what later
# versions must read is kept: no reports, no pictures but one.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
checkout=$(cd "$1" && pwd)
out=${2:-$here/../Tests/Fixtures/version-0.1}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GOMP_SPINCOUNT=${GOMP_SPINCOUNT:-5000}
lethe() { (cd "$work" && "$checkout/.build/release/lethe" "$@" --threads 1 -q >"$work/output" 2>&1) || { cat "$work/output"; exit 1; }; }

python3 -c "import sys, pathlib; sys.path.insert(0, '$here/comparison'); import inputs
inputs.prepare(pathlib.Path('$work'), pathlib.Path('$checkout'))"
lethe train recipes/judge.json --out judging
mv "$work/judging/judge" "$work/tiny/judge"
sed -i.old 's|"judge": ".*"|"judge": "judge"|' "$work/tiny/themes.json"

lethe erase tiny --method esd --concept fox --preserve others --seed 1 --set training.steps=4 \
  --set training.learningRate=0.01 --set walks=2 --set walkSteps=4 --set preserveWalks=2 --set guarding.every=2 --out run
lethe evaluate run --quick --steps 2
lethe attack run --attack none,random --set random.attempts=2 --prompts 2 --quick --steps 2
lethe relearn run --quick --steps 2 --prompts 2 --sampling-steps 2 --set 'checkpoints=[1,2]' --set pictures=2 \
  --set pictureSteps=2 --set training.batch=2
lethe generate tiny --with run --prompt "a fox" --seed 7 --steps 4 --out picture
lethe eraser init set --model tiny --protect "an owl" --regular none
lethe eraser add set fox cat --tolerance 0.1
lethe eraser train set --set tolerance=0.1 --set training.steps=4 --set walks=1 --set walkSteps=3
lethe eraser restore set cat
lethe bench robustness --model tiny --concept fox --methods none,uce --attacks none,random --prompts 2 --quick --steps 2 \
  --set random.attempts=2 --out bench-robustness
lethe bench relearning --model tiny --concept fox --methods uce --prompts 2 --quick --steps 2 --set meta.training.steps=2 \
  --set meta.pictures=2 --set meta.pictureSteps=2 --set meta.guarding.limit=0 --set relearn.training.steps=2 \
  --set 'relearn.checkpoints=[1,2]' --set relearn.pictures=2 --set relearn.pictureSteps=2 --out bench-relearning

# Pictures and pages go; a place on one machine becomes a relative one.
rm -rf "$out"
mkdir -p "$out"
find "$work/run" \( -name '*.png' -o -name '*.html' \) -delete
cp -r "$work/run" "$work/set" "$out"
rm -rf "$out/set/run"
cp "$work/picture/0_0.png" "$out/picture.png"
cp "$work/tiny/themes.json" "$out/themes.json"
cp -r "$work/tiny/judge" "$out/judge"
for bench in robustness relearning; do
  mkdir "$out/bench-$bench"
  cp "$work/bench-$bench/results.json" "$work/bench-$bench/results.md" "$out/bench-$bench"
done
grep -rlI "$work" "$out" | while read -r file; do
  sed -i.old -e "s|$work/||g" -e "s|$(echo "$work" | sed 's|/|\\\\/|g')\\\\/||g" "$file"
done
find "$out" -name '*.old' -delete
cat >"$out/README.md" <<'TEXT'
Files of version 0.1.0, which every later version reads (`Tests/WorkflowsTests/Version01Tests.swift`). Made by
`scripts/golden/version-0.1.sh CHECKOUT` from a checkout of that version, on the fixture `tiny-sd1`; pictures and reports
are left out.
TEXT
du -sk "$out"
