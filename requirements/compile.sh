#!/bin/sh
# Pin what pyproject.toml asks for, with hashes and without download addresses: sh requirements/compile.sh
set -eu
cd "$(dirname "$0")/.."
pin() {
    output=requirements/$1.txt
    shift
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --no-annotate --constraint requirements/ceilings.txt --custom-compile-command "sh requirements/compile.sh" "$@" \
        pyproject.toml --output-file "$output"
}
pin dev --extra train --extra ray --extra s3 --extra site --extra dev
pin train --extra train
pin site --extra site
pin core
