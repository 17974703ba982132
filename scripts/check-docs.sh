#!/usr/bin/env bash
# Checks the documentation: links, code that is shown, commands, the README's length. Part of `make lint`.
# Options of commands are compared with the program's help where a program is built.
set -euo pipefail
cd "$(dirname "$0")/.."
exec python3 scripts/check_docs.py "$@"
