#!/usr/bin/env bash
# The test suite and mutated files under a sanitizer, once a release. Each build lies in .build-SANITIZER.
#
#   scripts/torture/sanitize.sh address                the C boundary, and memory that Swift hands to it
#   scripts/torture/sanitize.sh undefined              undefined behaviour of C and C++
#   scripts/torture/sanitize.sh thread 'Hub|Workers'   that which is concurrent
#
# The second argument filters the tests; - runs none. TORTURE_INPUTS (2000) mutated files follow. libtorch and OpenMP come without
# a sanitizer's marks, so that reports from inside of them are left out: sanitize-SANITIZER.txt says which.
# A report ends up in TORTURE_OUT/sanitize-SANITIZER.log; the script fails where there is one.
set -euo pipefail
cd "$(dirname "$0")/../.."
kind=${1:?address, undefined or thread} filter=${2:-} out=${TORTURE_OUT:-runs/torture}
build=.build-$kind list=$PWD/scripts/torture/sanitize-$kind.txt log=$out/sanitize-$kind.log
mkdir -p "$out"
: > "$log"
export OMP_NUM_THREADS=1 SWIFT_BACKTRACE=enable=no
# Memory that lives as long as the process is no leak; a request beyond all memory is refused, as the allocator does without.
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1:halt_on_error=0:suppressions=$list
export UBSAN_OPTIONS=print_stacktrace=1:suppressions=$list
export TSAN_OPTIONS=halt_on_error=0:suppressions=$list
failed=0
if [ "$filter" != - ]; then
  swift build --sanitize "$kind" --scratch-path "$build" --build-tests
  swift test --sanitize "$kind" --scratch-path "$build" --skip-build --disable-xctest --no-parallel \
    ${filter:+--filter "$filter"} >> "$log" 2>&1 || failed=1
else
  swift build --sanitize "$kind" --scratch-path "$build" --product torture
fi
"$build/debug/torture" mutate --from 0 --until "${TORTURE_INPUTS:-2000}" --seed "${TORTURE_SEED:-1}" --fixtures Tests/Fixtures \
  --scratch "$out/sanitized" >> "$log" 2>&1 || failed=1
rm -rf "$out/sanitized"
reports=$(grep -cE 'ERROR: AddressSanitizer|runtime error:|WARNING: ThreadSanitizer' "$log" || true)
echo "$kind: $reports reports, in $log"
[ "$reports" = 0 ] && exit $failed
exit 1
