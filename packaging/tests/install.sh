#!/usr/bin/env bash
# `make install` into a directory of its own: everything is there, programs run from there, pages
# render without a warning, completions complete; and `make uninstall` leaves no file.
#
# Usage: install.sh BIN
#   BIN  the directory of the programs
set -euo pipefail

destination=$(mktemp -d)
trap 'rm -rf "$destination"' EXIT
prefix=$destination/usr
export LC_ALL=C.UTF-8

main() {
    build "$1" install
    programs_run
    pages_render
    completions_complete
    build "$1" uninstall
    left=$(find "$destination" -type f)
    [ -z "$left" ] || fail "make uninstall left $left"
    echo 'make install and uninstall: good'
}

build() {
    make --no-print-directory "$2" BIN="$1" DESTDIR="$destination" PREFIX=/usr >/dev/null
}

fail() {
    echo "install.sh: $1" >&2
    exit 1
}

programs_run() {
    for program in loadgen server-sync server-async; do
        [ "$("$prefix/bin/$program" --version | cut -d ' ' -f 1)" = "$program" ] || fail "$program"
        test -s "$prefix/share/man/man1/$program.1"
    done
    test -s "$prefix/share/man/man1/loadgen-bench.1"
}

pages_render() {
    command -v man >/dev/null || return 0
    for page in "$prefix"/share/man/man1/*; do
        # In 80 columns, whatever the terminal has: in fewer, long words are warned of.
        said=$(MANWIDTH=80 man --warnings -l "$page" 2>&1 >"$destination/page") || fail "$page: $said"
        [ -z "$said" ] || fail "$page: $said"
        grep -q SYNOPSIS "$destination/page" || fail "$page: no synopsis"
        rm "$destination/page"
    done
}

completions_complete() {
    is 'bench bench-push' "$(complete_in_bash loadgen be)" 'loadgen be<TAB>'
    is '--rate' "$(complete_in_bash loadgen --rat)" 'loadgen --rat<TAB>'
    is '--push-rate' "$(complete_in_bash server-sync --push-r)" 'server-sync --push-r<TAB>'
    is '--push-rate' "$(complete_in_bash server-async --push-r)" 'server-async --push-r<TAB>'
    for program in loadgen server-sync server-async; do
        ! command -v zsh >/dev/null || zsh -n "$prefix/share/zsh/site-functions/_$program"
        ! command -v fish >/dev/null ||
            fish --no-execute "$prefix/share/fish/vendor_completions.d/$program.fish"
    done
}

# What bash offers for the last of these words, as its own machinery would ask.
complete_in_bash() {
    bash --norc -c '
        source "$0/share/bash-completion/completions/$1"
        registered=$(complete -p "$1")
        function=$(sed -n "s/.* -F \([^ ]*\).*/\1/p" <<<"$registered")
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        "$function" "$1" "${!#}" "${COMP_WORDS[COMP_CWORD - 1]}"
        echo "${COMPREPLY[*]}"
    ' "$prefix" "$@"
}

is() {
    [ "$1" = "$2" ] || fail "$3: '$2' instead of '$1'"
}

main "$@"
