#!/bin/sh
# Fetches the pinned scripts that are not ours and checks or records what they brought: uPlot for the
# console's charts, axe-core for the tests of its accessibility. Needs npm, which users do not: what
# is fetched lies in the repository.
#   scripts/vendor_uplot.sh            compare with the two MANIFEST.sha256
#   scripts/vendor_uplot.sh --write    replace the files and the manifests
set -eu

uplot=1.6.32
axe=4.14.1
cd "$(dirname "$0")/.."
console=$PWD/bot/console/static/vendor
tests=$PWD/tests/browser/vendor
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fetch() { # name version: unpacked into $work/name
    npm pack --silent --pack-destination "$work" "$1@$2" >/dev/null
    mkdir "$work/$1"
    tar -xzf "$work/$1-$2.tgz" -C "$work/$1" --strip-components=1
}

keep() { # from to manifest's folder
    [ "$write" = no ] || { mkdir -p "$3" && cp "$1" "$3/$2"; }
    mkdir -p "$work/new" && cp "$1" "$work/new/$2"
}

record() { # folder files...
    folder=$1
    shift
    [ "$write" = no ] || (cd "$folder" && sha256sum "$@" >MANIFEST.sha256)
    (cd "$work/new" && sha256sum --check --quiet "$folder/MANIFEST.sha256")
}

write=no
[ "${1-}" != --write ] || write=yes
fetch uplot "$uplot"
keep "$work/uplot/dist/uPlot.iife.min.js" uPlot.js "$console"
keep "$work/uplot/dist/uPlot.min.css" uPlot.css "$console"
keep "$work/uplot/LICENSE" uPlot.LICENSE "$console"
record "$console" uPlot.js uPlot.css uPlot.LICENSE
fetch axe-core "$axe"
keep "$work/axe-core/axe.min.js" axe.js "$tests"
keep "$work/axe-core/LICENSE" axe.LICENSE "$tests"
record "$tests" axe.js axe.LICENSE
echo "uPlot $uplot and axe-core $axe are what the manifests say"
