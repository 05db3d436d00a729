# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Two fresh SoftHSM tokens and a ceremony between them: what the tests on real tokens in shell share.
# The tokens are filled once, and copied for each case.

# shellcheck source=tests/ends.sh
. "${0%/*}/../ends.sh"

shim=$abs_top_builddir/tests/faults/shim.so
python=/usr/bin/python3 # Debian's own: it has Debian's modules
umask 077
need_softhsm pkcs11-tool "$python"
"$python" -c 'import PyKCS11' 2>/dev/null || skip_all "python3-pykcs11 is not installed"

# at FOLDER COMMAND...: with the tokens of this folder.
at() (
    export SOFTHSM2_CONF="$1/softhsm2.conf"
    shift
    "$@"
)

# token COMMAND SIDE [ARGUMENT]...: tests/softhsm/tokens.py on the token of this case.
token() {
    tool_command=$1
    tool_side=$2
    shift 2
    at "$tmp/c/$tool_side" "$python" "$abs_top_srcdir/tests/softhsm/tokens.py" "$tool_command" \
        "$softhsm" "$tool_side" "$@"
}

configure_tokens() { # configure_tokens FOLDER
    printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' \
        "$1/tokens" >"$1/softhsm2.conf"
}

# make_token old|new [OBJECT]...: the token that each case begins with.
make_token() {
    keep_reports "$tmp/c/reports"
    rm -rf "$tmp/c"
    mkdir -p "$tmp/c/$1/tokens"
    configure_tokens "$tmp/c/$1"
    token make "$@" || {
        echo "# the token $1 could not be made"
        exit 99
    }
    rm -rf "${tmp:?}/made-$1"
    mv "$tmp/c/$1" "$tmp/made-$1"
}

side() { # side old|new FAULT
    echo "  token: \"pkcs11:token=$1?pin-source=file:$tmp/c/pin\""
    if [ "$2" != - ]; then
        cat <<END
  module: $shim
  environment: ["SOFTHSM2_CONF=$tmp/c/$1/softhsm2.conf", "SHIM_MODULE=$softhsm",
                "SHIM_COUNT=$tmp/c/$1/calls", "SHIM_FAULT=${2#none}"]
  environment-trusted: yes
END
    else
        cat <<END
  module: $softhsm
  environment: ["SOFTHSM2_CONF=$tmp/c/$1/softhsm2.conf"]
END
    fi
}

# ceremony FAULT-OF-OLD FAULT-OF-NEW: the tokens as they were made, and a ceremony file that moves all
# keys from old to new, in $tmp/c. FAULT is what the shim shall do; "none", or "-": not even a shim.
ceremony() {
    keep_reports "$tmp/c/reports"
    rm -rf "$tmp/c"
    mkdir "$tmp/c"
    for each in old new; do
        cp -R "$tmp/made-$each" "$tmp/c/$each"
        mkdir "$tmp/c/$each/calls"
        configure_tokens "$tmp/c/$each"
    done
    echo swordfish >"$tmp/c/pin"
    cat >"$tmp/c/ceremony.yaml" <<END
title: Two tokens
rehearsal: yes
source:
  api: pkcs11
$(side old "$1")
destination:
  api: pkcs11
$(side new "$2")
keys: ["pkcs11:object=*"]
policy:
  rsa-bits: 2048
  gates: []
report-folder: reports
END
}
