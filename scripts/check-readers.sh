#!/usr/bin/env bash
# Lists what a file of a stranger could turn into a trap, a hang or a raw message. Part of `make lint`.
#
#   anywhere    files opened past Sources/Torch/Checked/InputFile.swift: Data(contentsOf:), String(contentsOf:), contentsOfFile:, FileHandle
#               for reading; try!, fatalError, as!
#   readers     Int(...) of what may be no whole number, ranges with ..<, and subscripts by variables, in files that read files
#   keys        a key that a reader takes, and Tests/Fixtures/refusals.txt refuses no value of
#
# scripts/readers.txt has the number of such lines of each reader that somebody has looked at. A reader with more fails, and
# all its lines are listed: look at the new ones, then run `scripts/check-readers.sh --accept`.
set -euo pipefail
cd "$(dirname "$0")/.."
exec python3 scripts/check_readers.py "$@"
