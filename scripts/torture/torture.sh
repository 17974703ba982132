#!/usr/bin/env bash
# Torture in TORTURE_MINUTES (5): half of them mutated files, the rest kills, failing writes and races on tiny models. A fixed seed
# (TORTURE_SEED, 1) gives the same inputs each time. Results in TORTURE_OUT (runs/torture), begun anew unless TORTURE_RESUME=1.
set -euo pipefail
cd "$(dirname "$0")/../.."
minutes=${TORTURE_MINUTES:-5} seed=${TORTURE_SEED:-1} out=${TORTURE_OUT:-runs/torture}
swift build -c release --product lethe
swift build -c release --product torture
[ "${TORTURE_RESUME:-0}" = 1 ] || rm -rf "$out"
share() { awk -v m="$minutes" -v part="$1" 'BEGIN { print m * part }'; }
failed=0
# Each writer checks its write at every step of a training: one write in seven here, all of them in a long run.
every=7
awk -v m="$minutes" 'BEGIN { exit !(m >= 30) }' && every=1
python3 scripts/torture/mutate.py --seed "$seed" --minutes "$(share 0.5)" --out "$out" || failed=1
python3 scripts/torture/kill.py --seed "$seed" --minutes "$(share 0.25)" --out "$out" || failed=1
python3 scripts/torture/faults.py --every "$every" --minutes "$(share 0.2)" --out "$out" || failed=1
python3 scripts/torture/race.py --rounds 1 --out "$out" || failed=1
exit $failed
