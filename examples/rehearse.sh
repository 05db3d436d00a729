#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A whole ceremony on two software tokens made for it: nothing to prepare, nothing to lose.
set -eu

usage() {
    cat <<'END'
usage: sh examples/rehearse.sh [--pair SOURCE:DESTINATION] [--dir DIR] [--plain] [--prepare]
                               [--build BUILD]

Installs what is missing (Debian, as root), builds hsmferry, makes two fresh tokens, the source with
keys of all kinds, and moves the keys from the one to the other.

  --pair SOURCE:DESTINATION   which two HSMs (softhsm:nss). Each of them is one of
      softhsm       SoftHSM 2, through PKCS#11
      nss           an NSS key database, through NSS's own API
      softoken      an NSS key database, through NSS's PKCS#11 module
      opencryptoki  opencryptoki's soft token, through PKCS#11; root only, with a separate
                    daemon and tokens that end with the rehearsal; private keys can neither be
                    migrated to it nor from it
  --dir DIR      where tokens, PINs, ceremony file and report go (default: a new private folder)
  --plain        line mode, without questions; also used if there is no terminal
  --prepare      make the tokens and the ceremony file, but do not run the ceremony
  --build BUILD  take the programs from this build folder (default: build them in build/)
END
}

# stop CODE SENTENCE...: one line for each sentence.
stop() {
    code=$1
    shift
    printf '%s\n' "$@" >&2
    exit "$code"
}

top=$(cd "$(dirname "$0")/.." && pwd)
dir='' plain='' prepare='' build='' pair=softhsm:nss
while [ $# -gt 0 ]; do
    case $1 in
    --dir | --build)
        [ -n "${2:-}" ] || stop 64 "$1 needs a folder." "$(usage)"
        if [ "$1" = --dir ]; then dir=$2; else build=$2; fi
        shift
        ;;
    --pair)
        pair=${2:-}
        shift
        ;;
    --plain) plain=yes ;;
    --prepare) prepare=yes ;;
    -h | --help) usage && exit 0 ;;
    *) stop 64 "What is '$1'?" "$(usage)" ;;
    esac
    [ $# -eq 0 ] || shift
done
source=${pair%%:*} destination=${pair#*:}
for kind in "$source" "$destination"; do
    case $pair/$kind in
    *:*/softhsm | *:*/nss | *:*/softoken | *:*/opencryptoki) ;;
    *) stop 64 "There is no pair '$pair'. What can be in one is below." "$(usage)" ;;
    esac
done
[ -t 0 ] && [ -t 1 ] || plain=yes

# SoftHSM's configuration ends a value at '=' and '#' and knows no quotes; a backslash has
# a special meaning in NSS.
check_dir() {
    case $1 in
    *[=#\\]* | *[[:cntrl:]]*)
        stop 64 "No tokens can be kept in $(printf %s "$1" | tr '[:cntrl:]' '?')." \
            "Nothing was made. Choose a folder without '=', '#', '\\' and control characters in its path."
        ;;
    esac
}

# Quiet; if it fails, the end of its log says why.
build_programs() {
    mkdir -p "$build"
    if ! (
        [ -x "$top/configure" ] || "$top/autogen.sh"
        cd "$build"
        [ -f Makefile ] || "$top/configure" -q
        make -s -j "$(nproc)"
    ) >"$build/rehearse.log" 2>&1 </dev/null; then
        tail -n 30 "$build/rehearse.log" >&2
        stop 69 "hsmferry could not be built; the end of $build/rehearse.log is above." \
            "No token was made."
    fi
}

# find_module softhsm|nss|softoken|opencryptoki: the PKCS#11 module that makes such a token, in $module.
find_module() {
    case $1 in
    softhsm) name=libsofthsm2.so ;;
    opencryptoki) name=libopencryptoki.so ;;
    *) name=libsoftokn3.so ;;
    esac
    for module in /usr/lib/softhsm/"$name" /usr/lib/*/softhsm/"$name" /usr/lib*/pkcs11/"$name" \
        /usr/lib*/softhsm/"$name" /usr/lib/*/pkcs11/"$name" /usr/local/lib/softhsm/"$name" /usr/lib/*/"$name" /usr/lib/*/nss/"$name" \
        /usr/lib64/"$name"; do
        [ -f "$module" ] && return
    done
    stop 69 "$name is nowhere to be found. Install $1. No token was made."
}

make_dir() {
    if [ -z "$dir" ]; then
        check_dir "${TMPDIR:-/tmp}"
        dir=$(mktemp -d "${TMPDIR:-/tmp}/hsmferry-rehearsal.XXXXXX")
    else
        case $dir in /*) ;; *) dir=$PWD/$dir ;; esac
        check_dir "$dir"
        for part in tokens nss-source nss-destination pins reports softhsm2.conf ceremony.yaml; do
            [ ! -e "$dir/$part" ] || stop 77 "$dir already holds a rehearsal: there is $dir/$part." \
                "Nothing was changed. Choose another folder, or remove this one first."
        done
        mkdir -p "$dir"
        dir=$(cd "$dir" && pwd)
    fi
}

# The parameters of NSS's module, which name the database. A backslash quotes the next character.
nss_parameters() {
    printf "configdir='sql:%s' certPrefix='' keyPrefix='' secmod='' flags=" \
        "$(printf %s "$dir/nss-$1" | sed "s/'/\\\\'/g")"
}

# make_token source|destination KIND
make_token() {
    od -An -N8 -tx1 /dev/urandom | tr -d ' \n' >"$dir/pins/$1"
    echo >>"$dir/pins/$1"
    find_module "$2"
    case $2 in
    opencryptoki) # start.sh has made it
        echo 87651234 >"$dir/pins/$1"
        "$build/hsmferry-rehearsal-token" "$1" "$module" "$dir/pins/$1"
        ;;
    softhsm)
        mkdir -p "$dir/tokens"
        cat >"$dir/softhsm2.conf" <<END
directories.tokendir = $dir/tokens
objectstore.backend = file
log.level = ERROR
slots.removable = false
END
        SOFTHSM2_CONF=$dir/softhsm2.conf \
            "$build/hsmferry-rehearsal-token" "$1" "$module" "$dir/pins/$1"
        ;;
    *)
        mkdir "$dir/nss-$1"
        "$build/hsmferry-rehearsal-token" "$1" "$module" "$dir/pins/$1" "$(nss_parameters "$1")"
        ;;
    esac
}

# Text as a YAML scalar in single quotes.
yaml() {
    printf "'%s'" "$(printf %s "$1" | sed "s/'/''/g")"
}

# A path inside a URI: as it is where all of it may stand there, else every byte as %xx.
uri_path() (
    LC_ALL=C
    case $1 in
    *[!A-Za-z0-9/._~-]*) printf %s "$1" | od -An -v -tx1 | tr -d '\n' | tr ' ' % ;;
    *) printf %s "$1" ;;
    esac
)

# side source|destination KIND: one HSM in the ceremony file.
side() {
    find_module "$2"
    api=pkcs11 token=NSS%20Certificate%20DB
    case $1:$2 in
    source:softhsm) token=hsm-old ;;
    destination:softhsm) token=hsm-new ;;
    source:opencryptoki) token=old ;;
    destination:opencryptoki) token=new ;;
    *:nss) api=nss module=sql:$dir/nss-$1 ;;
    esac
    echo "$1:"
    echo "  api: $api"
    echo "  module: $(yaml "$module")"
    echo "  token: pkcs11:token=$token?pin-source=file:$(uri_path "$dir/pins/$1")"
    case $2 in
    softhsm) echo "  environment: [$(yaml "SOFTHSM2_CONF=$dir/softhsm2.conf")]" ;;
    softoken) echo "  parameters: $(yaml "$(nss_parameters "$1")")" ;;
    esac
}

make_ceremony() {
    gates='[review, fingerprint]'
    [ -z "$plain" ] || gates='[]'
    cat >"$dir/ceremony.yaml" <<END
# A rehearsal on two software tokens, made by examples/rehearse.sh; see hsmferry-ceremony(5).
title: Rehearsal
rehearsal: yes
officers:
  - name: Source Officer
  - name: Destination Officer
$(side source "$source")
$(side destination "$destination")
keys:
  - pkcs11:object=*
policy:
  gates: $gates
report-folder: reports
END
}

run_ceremony() {
    status=0
    if [ -n "$plain" ]; then
        "$build/hsmferry" --plain "$dir/ceremony.yaml" || status=$?
    else
        "$build/hsmferry" "$dir/ceremony.yaml" || status=$?
    fi
    for report in "$dir"/reports/*.yaml; do
        if [ -f "$report" ]; then
            echo "The report is $report"
        else
            echo "There is no report. The tokens are in $dir"
        fi
    done
    return "$status"
}

# Runs this script again with an opencryptoki that nobody else uses.
start_opencryptoki() {
    [ -z "$prepare" ] || stop 64 "--prepare and opencryptoki exclude each other:" \
        "its tokens end with the rehearsal. Nothing was made."
    [ "$(id -u)" -eq 0 ] || stop 77 "Only root can start opencryptoki's daemon for a rehearsal." \
        "Nothing was made."
    case ${dir:-${TMPDIR:-/tmp}} in
    /run* | /dev/shm*) stop 64 "opencryptoki needs /run and /dev/shm for itself." \
        "Nothing was made. Choose another folder with --dir." ;;
    esac
    exec sh "$top/tests/opencryptoki/start.sh" sh "$top/examples/rehearse.sh" --pair "$pair" \
        --build "$build" ${dir:+--dir "$dir"} ${plain:+--plain}
}

# shellcheck source=examples/packages.sh
. "$top/examples/packages.sh"
if [ -n "$build" ]; then
    build=$(cd "$build" && pwd) || exit 66
    packages_need rehearse ${prepare:+first}
else
    packages_need build rehearse ${prepare:+first}
    build=$top/build
    build_programs
fi
case $pair in
*opencryptoki*)
    packages_need opencryptoki
    [ -n "${HSMFERRY_OPENCRYPTOKI:-}" ] || start_opencryptoki
    ;;
esac
for kind in "$source" "$destination"; do
    find_module "$kind"
done
umask 077
make_dir
mkdir "$dir/pins" "$dir/reports"
make_token source "$source"
make_token destination "$destination"
make_ceremony
if [ -n "$prepare" ]; then
    echo "The rehearsal is ready: $dir/ceremony.yaml"
    echo "The PINs are in $dir/pins/source and $dir/pins/destination"
else
    run_ceremony
fi
