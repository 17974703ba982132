#!/usr/bin/env bash
# The test suite and mutated files under a sanitizer, once a release.
#
#   scripts/torture/sanitize.sh boundary [FILTER]    the C++ over libtorch under the address and undefined-behaviour sanitizers,
#                                                    which watch the heap of the whole process; minutes
#   scripts/torture/sanitize.sh address [FILTER]     all of the package, each in a build of its own (.build-SANITIZER); an hour
#   scripts/torture/sanitize.sh undefined [FILTER]
#   scripts/torture/sanitize.sh thread [FILTER]      without a filter: the tests of what is concurrent, minutes after the build
#
# FILTER chooses tests; - runs none. TORTURE_INPUTS (2000) mutated files follow. libtorch and OpenMP come without a sanitizer's
# marks, so that reports from inside of them are left out: sanitize-SANITIZER.txt says which.
# The tests' output is in TORTURE_OUT/sanitize-SANITIZER.log, reports are in files beside it, one for each process, those that
# the tests start included; the script fails where there is one.
set -euo pipefail
cd "$(dirname "$0")/../.."
kind=${1:?boundary, address, undefined or thread} filter=${2:-} out=${TORTURE_OUT:-runs/torture}
lists=$PWD/scripts/torture
mkdir -p "$out"
log=$(cd "$out" && pwd)/sanitize-$kind.log
rm -f "$log"*
# Ranks, the studio, the hub, workers, progress, logs, locks, interrupts, and tensors.
[ "$kind" = thread ] && filter=${filter:-'ProcessesTests|StudioTests|ModelHubTests|SharedWork|Workers|Runner|DividedTraining|DividedMethod|TensorBoardFile|EventTable|FolderLock|TrainingLoop|ProcessTests|Silence|LibtorchLoading|MadeFolders|GenerateTests|TorchTests'}
export OMP_NUM_THREADS=1 SWIFT_BACKTRACE=enable=no
# Memory that lives as long as the process is no leak; a request beyond all memory is refused, as the allocator does without.
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1:log_path=$log:suppressions=$lists/sanitize-address.txt
export UBSAN_OPTIONS=print_stacktrace=1:log_path=$log:suppressions=$lists/sanitize-undefined.txt
export TSAN_OPTIONS=halt_on_error=0:log_path=$log:suppressions=$lists/sanitize-thread.txt

# Copies of the debug programs beside a library that is compiled with marks, which they open in the place of their own.
build_boundary() {
  swift build --build-tests
  libtorch=$PWD/.deps/libtorch build=$PWD/.build/sanitized
  mkdir -p "$build"
  cp .build/debug/torture .build/debug/lethePackageTests.xctest "$build"
  clang++ -std=c++20 -O1 -gline-tables-only -fPIC -shared -shared-libsan -fsanitize=address,undefined -fno-sanitize=vptr \
    -ISources/CTorch/include -ISources/CTorch/declared -I"$libtorch/include" -I"$libtorch/include/torch/csrc/api/include" \
    Sources/CTorch/library.cpp -o "$build/libLetheTorch.so" -L"$libtorch/lib" -ltorch_cpu -lc10 -Wl,-rpath,"$libtorch/lib"
  preload=$(clang++ -print-file-name=libclang_rt.asan-x86_64.so)
  tests=("$build/lethePackageTests.xctest" --testing-library swift-testing)
  torture=$build/torture
}

build_all() {
  preload="" build=.build-$kind
  [ "$filter" = - ] && product=(--product torture) || product=(--build-tests)
  swift build --sanitize "$kind" --scratch-path "$build" "${product[@]}"
  tests=(swift test --sanitize "$kind" --scratch-path "$build" --skip-build --disable-xctest --no-parallel)
  torture=$build/debug/torture
}

[ "$kind" = boundary ] && build_boundary || build_all
failed=0
watched() { LD_PRELOAD=$preload LD_LIBRARY_PATH=$build "$@" >> "$log" 2>&1 || failed=1; }
[ "$filter" = - ] || watched "${tests[@]}" ${filter:+--filter "$filter"}
watched "$torture" mutate --from 0 --until "${TORTURE_INPUTS:-2000}" --seed "${TORTURE_SEED:-1}" --fixtures Tests/Fixtures \
  --scratch "$out/sanitized"
rm -rf "$out/sanitized" "$out/sanitized.state"
reports=$(cat "$log"* | grep -cE 'ERROR: AddressSanitizer|runtime error:|WARNING: ThreadSanitizer' || true)
echo "$kind: $reports reports, $([ $failed = 0 ] && echo passed || echo failed), in $log"
[ "$reports" = 0 ] && exit $failed
exit 1
