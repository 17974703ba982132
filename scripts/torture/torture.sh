#!/usr/bin/env bash
# Torture in TORTURE_MINUTES (5): half of them mutated files, the rest kills, failing writes and races on tiny models. A fixed seed
# (TORTURE_SEED, 1) gives the same inputs each time. Results in TORTURE_OUT (runs/torture), begun anew unless TORTURE_RESUME=1.
# TORTURE_CONFIGURATION (release) is that of the programs; TORTURE_PARTS ("mutate kill faults race") are those that run.
set -euo pipefail
cd "$(dirname "$0")/../.."
minutes=${TORTURE_MINUTES:-5} seed=${TORTURE_SEED:-1} out=${TORTURE_OUT:-runs/torture}
configuration=${TORTURE_CONFIGURATION:-release} parts=${TORTURE_PARTS:-mutate kill faults race}
swift build -c "$configuration" --product lethe
swift build -c "$configuration" --product torture
[ "${TORTURE_RESUME:-0}" = 1 ] || rm -rf "$out"
failed=0
run() { # PART SHARE PROGRAM: the part for its share of the minutes
  case " $parts " in *" $1 "*) ;; *) return 0 ;; esac
  local share
  share=$(awk -v m="$minutes" -v part="$2" 'BEGIN { print m * part }')
  python3 "scripts/torture/$1.py" --program ".build/$configuration/$3" --seed "$seed" --minutes "$share" --out "$out" || failed=1
}
run mutate 0.5 torture
run kill 0.2 lethe
run faults 0.2 lethe
run race 0.1 lethe
exit $failed
