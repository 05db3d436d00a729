#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# No code runs in an agent that the ceremony file does not name: each variable, file and link by which
# foreign code was seen to run is tried, first on a program that keeps nothing away (the control: it
# runs there), then on a ceremony. What would run makes a file.
set -u
# shellcheck source=tests/softhsm/two.sh
. "${0%/*}/../softhsm/two.sh"
need_softhsm certutil

agent=$abs_top_builddir/hsmferry-agent
# shellcheck disable=SC2034 # for ends: what the real agent loads, and when, is the question here
console=$abs_top_builddir/hsmferry
built=$abs_top_builddir/tests/code
loads=$built/loads
evil=$tmp/evil # a folder of libraries that leave a mark

mkdir "$evil"
for each in evil.so rdrand.so libsibling.so; do
    cp "$built/evil.so" "$evil/$each"
done
marks() { # what ran
    find "$evil" -name '*.ran' | grep .
}
forget() {
    rm -f "$evil"/*.ran
}

# runs WORDS ENVIRONMENT... -- COMMAND...: foreign code runs then. The control of what follows.
runs() {
    words=$1
    shift
    forget
    env "$@" >"$tmp/loads.log" 2>&1
    sed 's/^/# /' "$tmp/loads.log"
    ok "control: $words runs foreign code" marks
    forget
}

# module FILE: what the destination's module is.
module() {
    edit "/^destination:/,\$ s|^  module: .*|  module: $1|"
}
# sets LINE...: lines of the destination.
sets() {
    for line in "$@"; do
        edit "/^destination:/,\$ s|^  api: .*|&\n  $line|"
    done
}
# variable NAME=VALUE: one more of the destination's.
variable() {
    edit "/^destination:/,\$ s|environment: \[|&\"$1\", |"
}
# wrapped [NAME=VALUE]...: the destination's agent, set so behind the console's back.
wrapped() {
    command='"/usr/bin/env"'
    for each in "$@"; do
        command="$command, \"$each\""
    done
    sets "agent: [$command, \"$agent\"]"
}
pinned() { # pinned FILE
    sets "module-sha256: $(sha256sum <"$1" | cut -d' ' -f1)"
}
# refuses CODE SENSE...: the ceremony ends so, and nothing foreign ran.
refuses() {
    forget
    ends "$@" && ! marks
}

make_token old aes32:one:id=01 rsa2048:two:id=02
make_token new

ceremony - -
pinned "$softhsm"
ok "control: a pinned module" refuses 0 'complete: 2 migrated'
ok "... from a sealed copy, as the report says" grep -q '^  loading: "sealed copy"' "$tmp"/c/reports/*.yaml
if ldd "$agent" | grep -q libasan; then
    skip "... with what it loaded in turn" "the address sanitizer has loaded it before"
else
    ok "... with what it loaded in turn" grep -qE 'path: "/.*/libstdc\+\+.*sha256: "[0-9a-f]{64}"' \
        "$tmp"/c/reports/*.yaml
fi

# --- what turns libraries to other code --------------------------------------------------------------

cat >"$evil/provider.cnf" <<END
openssl_conf = init
[init]
providers = providers
[providers]
base = base_section
evil = evil_section
[base_section]
activate = 1
[evil_section]
module = $evil/evil.so
activate = 1
END
cat >"$evil/engine.cnf" <<END
openssl_conf = init
[init]
engines = engines
[engines]
evil = evil_section
[evil_section]
dynamic_path = $evil/evil.so
init = 1
END
cat >"$evil/opensc.conf" <<END
app default {
    card_drivers = evil;
    card_driver evil {
        module = $evil/evil.so;
    }
}
END
opensc=$(find /usr/lib -name opensc-pkcs11.so | head -n 1)
spy=$(find /usr/lib -name pkcs11-spy.so | head -n 1)
tpm=$(find /usr/lib -name libtpm2_pkcs11.so | head -n 1)
new_conf=SOFTHSM2_CONF=$tmp/made-new/softhsm2.conf

# tried MODULE NAME=VALUE: the control on this module, the console, and the agent behind its back: it
# drops the variable, and the ceremony continues with SoftHSM.
tried() {
    name=${2%%=*}
    if [ -z "$1" ]; then
        skip "$name" "its module is not installed"
        return
    fi
    runs "$name" "$new_conf" "$2" "$loads" pkcs11 "$1"
    ceremony - - && pinned "$softhsm" && variable "$2"
    ok "$name in a ceremony file: 78" refuses 78 "$name " 'Nothing was started'
    ceremony - - && variable "$2" && sets "environment-trusted: yes"
    ok "... also where it is trusted" refuses 78 "$name " 'Nothing was started'
    ceremony - - && wrapped "$2" && module "$1"
    case $1 in
    "$softhsm") ok "... behind the console's back: dropped" quiet 'complete: 2 migrated' ;;
    *) ok "... behind the console's back: nothing runs" quiet 'opening' ;;
    esac
}
# quiet [SENSE]: nothing foreign runs, however it ends; it says this.
quiet() {
    forget
    timeout -k 5 600 "$abs_top_builddir/hsmferry" --plain "$tmp/c/ceremony.yaml" </dev/null \
        >"$tmp/log" 2>&1
    cat "$tmp/log"
    ! marks && grep -q -- "${1:-}" "$tmp/log"
}
tried "$softhsm" "OPENSSL_CONF=$evil/provider.cnf"
tried "$softhsm" "OPENSSL_CONF=$evil/engine.cnf"
tried "$softhsm" "OPENSSL_ENGINES=$evil"
tried "$opensc" "OPENSC_CONF=$evil/opensc.conf"
tried "$tpm" "TPM2_PKCS11_TCTI=$evil/evil.so"

# What the loader reads is in force before a program can drop it.
runs LD_LIBRARY_PATH "LD_LIBRARY_PATH=$evil" "$loads" pkcs11 "$built/needs.so"
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0" # it need not be the first
runs LD_PRELOAD "LD_PRELOAD=$evil/evil.so" "$loads" pkcs11 "$softhsm"
runs LD_AUDIT "LD_AUDIT=$evil/evil.so" "$loads" pkcs11 "$softhsm"
for set in "LD_LIBRARY_PATH=$evil" "LD_PRELOAD=$evil/evil.so" "LD_AUDIT=$evil/evil.so"; do
    ceremony - - && variable "$set"
    ok "${set%%=*} in a ceremony file: 78" refuses 78 "${set%%=*} can load other code"
done
ceremony - - && wrapped "LD_LIBRARY_PATH=$evil"
ok "LD_LIBRARY_PATH behind the console's back: 78" refuses 78 \
    'LD_LIBRARY_PATH is set in the environment of the agent' 'No module was loaded' 'env -i'

# --- p11-kit, of which a user's own files name modules -------------------------------------------------

proxy=$(find /usr/lib -name p11-kit-proxy.so | head -n 1)
open=$tmp.open # where another user may look
as_user() { # not root: p11-kit does not look there for root
    if [ "$(id -u)" -ne 0 ]; then "$@"; else setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; fi
}
trap 'rm -rf "$open"; tap_end $?' EXIT
mkdir -m 755 "$open" "$open/.config" "$open/.config/pkcs11" "$open/.config/pkcs11/modules"
cp "$evil/evil.so" "$loads" "$agent" "$open"
echo "module: $open/evil.so" >"$open/.config/pkcs11/modules/evil.module"
chmod -R a+rX "$open"
[ "$(id -u)" -ne 0 ] || chown -R 65534 "$open"
ran_there() {
    ls "$open"/*.ran
}
home_runs() { # home_runs NAME=VALUE
    rm -f "$open"/*.ran
    as_user env -i "$1" "$open/loads" pkcs11 "$proxy" >"$tmp/loads.log" 2>&1
    ok "control: ${1%%=*} runs foreign code" ran_there
    rm -f "$open"/*.ran
    ok "... which the agent drops: the module opens" \
        as_user env -i "$1" "$open/loads" agent "$open/hsmferry-agent" "$proxy"
    not_ok "... and it does not run" ran_there
}
if [ -n "$proxy" ] && { [ "$(id -u)" -ne 0 ] || command -v setpriv >/dev/null; }; then
    home_runs "HOME=$open"
    home_runs "XDG_CONFIG_HOME=$open/.config"
else
    skip "HOME, XDG_CONFIG_HOME" "no p11-kit-proxy.so, or no setpriv"
fi
for name in HOME PATH XDG_CONFIG_HOME; do
    ceremony - - && variable "$name=/evil"
    ok "$name in a ceremony file: 78" refuses 78 "$name is for programs" 'that "agent" names'
done
ceremony - - && variable "HOME=/evil" && wrapped
ok "... but for another agent" refuses 0 'complete: 2 migrated'

# --- pkcs11-spy, whose variable names the module -------------------------------------------------------

if [ -n "$spy" ]; then
    runs PKCS11SPY "PKCS11SPY=$evil/evil.so" "$loads" pkcs11 "$spy"
    ceremony - - && module "$spy" && variable "PKCS11SPY=$evil/evil.so"
    edit 's/^rehearsal: .*/rehearsal: no/'
    ok "PKCS11SPY in no rehearsal: 78" refuses 78 'PKCS11SPY loads another module' 'for rehearsals only'
    ceremony - - && module "$spy" && pinned "$spy" && variable "PKCS11SPY=$evil/evil.so"
    ok "... beside a pin: 78" refuses 78 'PKCS11SPY loads another module' 'does not pin'
    ceremony - - && module "$spy" && variable "PKCS11SPY=$softhsm"
    ok "... unlisted by the dialect: 78" refuses 78 'PKCS11SPY is set, and the dialect softhsm' \
        'No PIN was sent'
    sets "environment-trusted: yes"
    edit 's/^report-folder: .*/report-folder: again/'
    ok "... and in a rehearsal that says so" refuses 0 'complete: 2 migrated' \
        'WARNING: the module of the destination gets variables that its dialect does not list'
else
    skip "PKCS11SPY" "pkcs11-spy is not installed"
fi

# --- a line in an NSS database -------------------------------------------------------------------------

database() { # a fresh one, whose pkcs11.txt names foreign code
    rm -rf "$tmp/nss"
    mkdir "$tmp/nss"
    certutil -N -d "sql:$tmp/nss" -f "$tmp/c/pin"
    printf 'library=%s\nname=Evil\n\n' "$evil/evil.so" >>"$tmp/nss/pkcs11.txt"
}
destination() { # destination LINE...: it, and nothing else
    edit '/^destination:/,/^keys:/{/^destination:/!{/^keys:/!d}}'
    for each in "$@"; do
        edit "s|^keys:|  $each\n&|"
    done
}
label=NSS%20Certificate%20DB
nss_line="token: \"pkcs11:token=$label?pin-source=file:$tmp/c/pin\""
database
runs pkcs11.txt "$loads" nss "sql:$tmp/nss"
ceremony - - && database && destination "api: nss" "module: sql:$tmp/nss" "$nss_line"
ok "pkcs11.txt through NSS: nothing runs" refuses 0 'complete: 2 migrated'
edit 's/^report-folder: .*/report-folder: again/'
database && rm "$tmp/nss/pkcs11.txt"
ok "... and none is needed" refuses 0 'complete: 2 migrated'
database && sed -i 's/Flags=internal/Flags=FIPS,internal/' "$tmp/nss/pkcs11.txt"
edit 's/^report-folder: .*/report-folder: fips/'
edit 's|token=NSS%20Certificate|token=NSS%20FIPS%20140-2%20Certificate|'
ok "... its FIPS mode is entered, and nothing runs" refuses 0 'complete: 2 migrated' \
    'NSS is in FIPS mode'

softoken=$(find /usr/lib -name libsoftokn3.so | head -n 1)
by_softoken() {
    ceremony - - && database && destination "api: pkcs11" "module: $softoken" \
        "parameters: \"configdir='sql:$tmp/nss' secmod='pkcs11.txt' certPrefix='' keyPrefix=''\"" \
        "$nss_line" "$@"
}
by_softoken
ok "pkcs11.txt through softoken: nothing runs" refuses 0 'complete: 2 migrated'
by_softoken "module-sha256: $(sha256sum <"$softoken" | cut -d' ' -f1)"
ok "softoken finds its siblings by its own path: no sealed copy of it" refuses 78 \
    'according to its dialect nss-softoken it looks for files next to itself' 'No PIN was sent' \
    'Write "dialect: nss-softoken"'
by_softoken "module-sha256: $(sha256sum <"$softoken" | cut -d' ' -f1)" "dialect: nss-softoken"
ok "... and so from its own path" refuses 0 'complete: 2 migrated'
ok "... as the report says" grep -q '^  loading: "its own path, checked"' "$tmp"/c/reports/*.yaml
ok "... beside its siblings" grep -q "path: \"$(realpath "${softoken%/*}")/libfreeblpriv3.so" "$tmp"/c/reports/*.yaml

# --- what a dialect does not list ----------------------------------------------------------------------

ceremony - - && variable "UNKNOWN=1"
ok "a variable that the dialect does not list: 78" refuses 78 \
    'UNKNOWN is set, and the dialect softhsm lists no such variable' 'No PIN was sent'
ceremony - - && wrapped UNKNOWN=1
ok "... behind the console's back" refuses 78 'UNKNOWN is set, and the dialect softhsm'
ceremony - none && edit '/environment-trusted/d' && variable "SHIM_LOADED=$evil/shim.ran"
sets "dialect: softhsm"
ok "... is found before the module is loaded where the dialect is named" refuses 78 \
    'SHIM_[A-Z]* is set, and the dialect softhsm'
edit '/dialect: softhsm/d'
not_ok "... control: it is loaded where it is not" refuses 78 'SHIM_[A-Z]* is set, and the dialect softhsm'
ok "... and its code ran" marks
ceremony - - && destination "api: nss" "module: sql:$tmp/nss" "$nss_line" 'environment: ["UNKNOWN=1"]'
ok "NSS gets none" refuses 78 'NSS needs no variable, and UNKNOWN is set'
ceremony - - && database && destination "api: nss" "module: sql:$tmp/nss" "$nss_line" \
    "agent: [\"/usr/bin/env\", \"UNKNOWN=1\", \"$agent\"]"
ok "... also behind the console's back" refuses 78 'UNKNOWN is set, and NSS lists no such variable'

# --- who looks at the pin ------------------------------------------------------------------------------

ceremony - - && wrapped && pinned "$softhsm"
ok "another agent cannot look at the pin: 78" refuses 78 \
    'the agent that is to check module-sha256 is itself not checked' 'agent-trusted: yes'
sets "agent-trusted: yes"
ok "... but where it is trusted, and told" refuses 0 'complete: 2 migrated' \
    "WARNING: another program than hsmferry's own is the agent of the destination; its code was not checked"
ceremony - - && pinned "$softhsm" && sets "agent: [\"$agent\"]"
ok "hsmferry's own, by its path" refuses 0 'complete: 2 migrated'

# An agent's start is when somebody exchanges the module: the third and the fourth of the
# destination look at the keys once more, one of them through libp11.
cat >"$tmp/starts" <<END
#!/bin/sh
echo >>"$tmp/c/starts"
[ "\$(wc -l <"$tmp/c/starts")" -ne "\$1" ] || { cp "$evil/evil.so" "$tmp/c/part" && mv "$tmp/c/part" "$tmp/c/module.so"; }
exec "$agent"
END
chmod 700 "$tmp/starts"
exchanged() { # exchanged START [PIN]: at this start
    ceremony - -
    edit 's|^policy:|&\n  writes-before-review: no|' # the canary would start one more
    cp "$softhsm" "$tmp/c/module.so"
    [ -z "${2:-}" ] || pinned "$softhsm"
    module "$tmp/c/module.so"
    sets "agent: [\"$tmp/starts\", \"$1\"]" "agent-trusted: yes" "environment-trusted: yes"
    variable "CODE_MARK=$evil/module.ran"
    forget
}
exchanged 3 pin
ok "exchanged before the application's look: told, and it does not run" refuses 0 \
    'not proven through OpenSSL and libp11.*is not the one that the ceremony file names'
exchanged 3
ends 0 >/dev/null 2>&1
ok "control: without a pin it runs" marks
finish
