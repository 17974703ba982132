#!/usr/bin/env bash
# The library's documentation as a DocC archive; a warning is an error. Both tools come with the toolchain, so that no
# plug-in is fetched or built: symbols are read from the modules of the debug build, and `Lethe` re-exports them all.
set -euo pipefail
cd "$(dirname "$0")/.."

archive=${1:-.build/Lethe.doccarchive}
modules=Torch,TorchNN,Tokenizers,Pictures,Diffusion,Training,Editing,Unlearning,Attacks,Evaluation,Reports,ModelHub,Workbench,Workflows,Recipes,Benchmarks,Auditing
swift build --target Lethe
bin=$(swift build --show-bin-path)
symbols=$bin/symbols
tool() { if [[ $(uname) == Darwin ]]; then xcrun "$@"; else "$@"; fi; }

flags=(-target "$(swift -print-target-info | sed -n 's/^ *"triple": "\(.*\)",$/\1/p' | head -n 1)")
[[ $(uname) == Darwin ]] && flags+=(-sdk "$(xcrun --show-sdk-path)")
flags+=(-I "$bin/Modules" -Xcc "-I$PWD/.deps/include")
for folder in Sources/C*/; do [[ -f $folder/module.modulemap ]] && flags+=(-I "$folder"); done
for folder in Sources/C*/include/; do [[ -f $folder/module.modulemap ]] && flags+=(-I "$folder"); done
for map in "$bin"/C*.build/module.modulemap; do flags+=(-Xcc "-fmodule-map-file=$map"); done

rm -rf "$symbols" "$archive"
mkdir -p "$symbols"
tool swift-symbolgraph-extract -module-name Lethe "${flags[@]}" -output-dir "$symbols" \
  -minimum-access-level public -skip-synthesized-members -experimental-allowed-reexported-modules="$modules"
tool docc convert Sources/Library/Lethe.docc --additional-symbol-graph-dir "$symbols" --output-path "$archive" \
  --fallback-display-name Lethe --fallback-bundle-identifier Lethe --warnings-as-errors
echo "docs: $archive"
