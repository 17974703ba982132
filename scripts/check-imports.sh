#!/usr/bin/env bash
# The arrows of docs/contributing/architecture.md: a target imports only targets below it.
set -euo pipefail
cd "$(dirname "$0")/.."

declare -A below=(
  [CTorch]=""
  [Torch]="CTorch"
  [TorchNN]="Torch"
  [Processes]="Torch"
  [Tokenizers]="Torch CVocabulary"
  [Pictures]="Torch CPNG CTurboJPEG CWebP"
  [Diffusion]="Torch Processes TorchNN Tokenizers Pictures"
  [Training]="Torch Processes TorchNN Tokenizers Pictures Diffusion"
  [Editing]="CSHA256 Torch Processes TorchNN Tokenizers Pictures Diffusion Training"
  [Unlearning]="Torch Processes TorchNN Tokenizers Pictures Diffusion Training Editing"
  [Attacks]="Torch Processes TorchNN Tokenizers Pictures Diffusion Training Editing"
  [Evaluation]="Torch Processes TorchNN Tokenizers Pictures Diffusion Training Editing"
  [Reports]="Torch Pictures Diffusion Evaluation"
  [ModelHub]="Torch Processes TorchNN Tokenizers Pictures Diffusion Training Editing"
  [Workbench]="Torch Processes TorchNN Tokenizers Pictures Diffusion Training Editing Unlearning Attacks Evaluation Reports ModelHub"
  [Workflows]="Torch Processes TorchNN Tokenizers Pictures Diffusion Training Editing Unlearning Attacks Evaluation Reports ModelHub Workbench"
  [Recipes]="Torch Processes TorchNN Tokenizers Pictures Diffusion Training Editing Unlearning Attacks Evaluation Reports ModelHub Workbench Workflows"
  [Benchmarks]="Torch Processes TorchNN Tokenizers Pictures Diffusion Training Editing Unlearning Attacks Evaluation Reports ModelHub Workbench Workflows"
  [Auditing]="Torch Processes TorchNN Tokenizers Pictures Diffusion Training Editing Unlearning Attacks Evaluation Reports ModelHub Workbench Workflows"
  [Library]="Torch Processes TorchNN Tokenizers Pictures Diffusion Training Editing Unlearning Attacks Evaluation Reports ModelHub Workbench Workflows Recipes Benchmarks Auditing"
  [YAML]="Torch Yams"
  [Torture]="Torch Processes TorchNN Tokenizers Pictures Diffusion Training Editing Unlearning Attacks Evaluation Reports ModelHub Workbench Workflows Recipes Benchmarks Auditing YAML"
  [Studio]="Torch Processes TorchNN Tokenizers Pictures Diffusion Training Editing Unlearning Attacks Evaluation Reports ModelHub Workbench Workflows Recipes Benchmarks Auditing FlyingSocks"
  [Program]="LetheCommands"
  [lethe]="Torch Processes TorchNN Tokenizers Pictures Diffusion Training Editing Unlearning Attacks Evaluation Reports ModelHub Workbench Workflows Recipes Benchmarks Auditing Studio YAML"
)
outside="Foundation FoundationNetworking Glibc Darwin Synchronization ArgumentParser CryptoKit Mustache"
failed=0
for target in "${!below[@]}"; do
  while IFS=: read -r file line text; do
    module=$(sed -E 's/^[[:space:]]*((public|internal|private|package|@[a-z_]+)[[:space:]]+)*import[[:space:]]+([A-Za-z0-9]+).*/\3/' <<<"$text")
    case " ${below[$target]} $outside " in
      *" $module "*) ;;
      *) echo "$file:$line: $target may not import $module"; failed=1 ;;
    esac
  done < <(grep -rnE '^[[:space:]]*((public|internal|private|package|@[a-z_]+)[[:space:]]+)*import[[:space:]]' "Sources/$target" --include='*.swift' --exclude=Package.swift || true)
done
# A second TLS library takes minutes of a first build, whichever dependency brings it.
if [ -f Package.resolved ] && grep -nE '"(swift-crypto|swift-nio-ssl|swift-certificates|openssl[^"]*)"' Package.resolved; then
  echo "Package.resolved: a plain build brings a second TLS library"
  failed=1
fi
exit $failed
