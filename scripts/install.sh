#!/usr/bin/env bash
# install.sh PROGRAM PREFIX: the program with every library that it needs and the system does not bring, its manual page
# and its completions. PREFIX/lib/lethe may be copied to another machine of the same system.
set -euo pipefail
program=$(readlink -f "$1")
prefix=${2:?PREFIX}
here="$(cd "$(dirname "$0")" && pwd)"
own="$prefix/lib/lethe"
mkdir -p "$own" "$prefix/bin" "$prefix/share/man/man1" "$prefix/share/bash-completion/completions" \
  "$prefix/share/zsh/site-functions" "$prefix/share/fish/vendor_completions.d"
install -m 755 "$program" "$own/lethe"
strip --strip-debug "$own/lethe" 2>/dev/null || true
torch=$(dirname "$program")/libLetheTorch.so
# Libraries of the system stay where they are: they belong to its loader, or to its package manager.
for library in "$torch" $( (ldd "$program"; ldd "$torch") | sed -nE 's/.* => (\/[^ ]+) .*/\1/p' | sort -u); do
  case $library in
    /lib/* | /lib64/* | /usr/lib/*) ;;
    *) install -m 755 "$(readlink -f "$library")" "$own/$(basename "$library")" ;;
  esac
done
ln -sf ../lib/lethe/lethe "$prefix/bin/lethe"
python3 "$here/man.py" "$own/lethe" > "$prefix/share/man/man1/lethe.1"
"$own/lethe" --generate-completion-script bash > "$prefix/share/bash-completion/completions/lethe"
"$own/lethe" --generate-completion-script zsh > "$prefix/share/zsh/site-functions/_lethe"
"$own/lethe" --generate-completion-script fish > "$prefix/share/fish/vendor_completions.d/lethe.fish"
"$prefix/bin/lethe" --version
echo "installed in $prefix, $(du -sh "$own" | cut -f1) in lib/lethe"
