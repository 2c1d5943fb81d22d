# shellcheck shell=bash
# To be sourced.

# Installs Locust from PyPI into the directory $1, unless it is there in the version wanted.
install_locust() {
    local wanted
    wanted=$(dirname "${BASH_SOURCE[0]}")/requirements.txt
    if ! cmp -s "$wanted" "$1/requirements.txt"; then
        python3 -m venv --clear "$1"
        "$1/bin/pip" install --quiet --only-binary :all: -r "$wanted"
        cp "$wanted" "$1"
    fi
}
