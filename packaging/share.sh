#!/usr/bin/env bash
# Manual pages and completions, from the programs themselves, as they lie below share/.
#
# Usage: share.sh BIN SHARE
#   BIN    the directory of the programs
#   SHARE  a directory, which is made if it is not there
set -euo pipefail
umask 022 # for everybody to read, whoever installs

bin=$1
share=$2
man=$share/man/man1
bash=$share/bash-completion/completions
zsh=$share/zsh/site-functions
fish=$share/fish/vendor_completions.d
mkdir -p "$man" "$bash" "$zsh" "$fish"

"$bin/loadgen" man --out "$man"
"$bin/loadgen" completions bash >"$bash/loadgen"
"$bin/loadgen" completions zsh >"$zsh/_loadgen"
"$bin/loadgen" completions fish >"$fish/loadgen.fish"
for server in server-sync server-async; do
    "$bin/$server" --man >"$man/$server.1"
    "$bin/$server" --completions bash >"$bash/$server"
    "$bin/$server" --completions zsh >"$zsh/_$server"
    "$bin/$server" --completions fish >"$fish/$server.fish"
done
