#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who may know whom: no room of the house includes a header of a room that it must not know.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/lib.sh"

# One line for each room: its folder, and all that its files may include of ours (a regular
# expression). What stands in no room (src/main.c, src/config.c) joins them and may include all.
rooms() {
    plain='hsm/(key|facts|event|fidelity)\.h'
    cat <<END
src/base        base/
src/confine     base/|confine/
src/hsm         base/|hsm/
src/agent       base/|confine/|hsm/|agent/
src/ceremony    base/|hsm/(event|facts|fidelity|hsm|key|remote|starter|trace|uri)\.h|ceremony/
src/record      base/|$plain|record/
ui              base/|$plain|hsm/uri\.h|ceremony/|record/|ui/|config\.h
END
}

drawing='ui/(term|draw|pane|lanes|dialog)[._]'
curses='n?curses|panel\.h|menu\.h|form\.h|term\.h'
hsm_libraries='p11-kit/|pkcs11|cryptoki|libp11|nss|nspr|pk11|keyhi|cert\.h|sec(err|item|mod|oid|port)\.h|prerror|prprf'

# includes FOLDER...: every #include there, as FILE:#include "HEADER".
includes() {
    grep -rE --include='*.[ch]' '^[[:space:]]*#[[:space:]]*include' "$@" 2>/dev/null |
        sed -E 's/:[[:space:]]*#[[:space:]]*include[[:space:]]*/:#include /'
}

# broken TREE: prints what breaks a rule there, and fails where there is something to print.
broken() (
    cd "$1" || { echo "$1 is not there" && exit; }
    rooms | while read -r room headers; do
        includes "$room" | grep '#include "' | grep -vE "#include \"($headers)"
    done
    # A header of ours under another spelling would pass all rules.
    includes src ui | grep -E '#include (<(base|hsm|agent|ceremony|record|ui)/|.*\.\./)'
    includes src ui | grep -E "#include <.*($curses)" | grep -vE "^$drawing"
    includes src ui | grep -E "#include <($hsm_libraries)" | grep -v '^src/agent/'
    for room in src/*/ ui/*/; do
        [ ! -d "$room" ] || rooms | grep -q "^${room%/} " || echo "$room has no rule"
    done
)

keeps_rules() {
    broken "$1" | { ! grep .; }
}

# plant FILE HEADER: a tree with nothing but this file, and nothing in it but this include.
plant() {
    rm -rf "$tmp/tree"
    mkdir -p "$tmp/tree/${1%/*}"
    echo "#include $2" >"$tmp/tree/$1"
}

# Each rule once kept, so that the next lines fail for the right reason ...
while read -r file header; do
    plant "$file" "$header"
    ok "control: $file may include $header" keeps_rules "$tmp/tree"
done <<'END'
src/base/x.c "base/err.h"
src/base/x.c <openssl/evp.h>
src/confine/x.c "base/err.h"
src/hsm/x.c "hsm/hsm.h"
src/agent/x.c "hsm/hsm.h"
src/agent/x.c <p11-kit/pkcs11.h>
src/ceremony/x.c "hsm/hsm.h"
src/record/x.h "hsm/event.h"
src/main.c "record/report.h"
ui/x.c "ceremony/worker.h"
ui/term.c <ncurses.h>
END
# ... and broken.
while read -r file header; do
    plant "$file" "$header"
    not_ok "control: $file must not include $header" keeps_rules "$tmp/tree"
done <<'END'
src/base/x.c "hsm/key.h"
src/base/x.h "hsm/key.h"
src/base/x.c <hsm/key.h>
src/base/x.c "base/../hsm/key.h"
src/confine/x.c "hsm/hsm.h"
src/hsm/x.c "confine/box.h"
src/hsm/x.c "ceremony/plan.h"
src/hsm/x.c <p11-kit/pkcs11.h>
src/agent/x.c "ceremony/plan.h"
src/agent/x.c "record/report.h"
src/agent/x.c "ui/app.h"
src/ceremony/x.c "agent/drivers.h"
src/ceremony/x.c "record/report.h"
src/ceremony/x.c "ui/app.h"
src/ceremony/x.c "hsm/wire.h"
src/ceremony/x.c <nss/nss.h>
src/record/x.c "hsm/hsm.h"
src/record/x.c "ceremony/plan.h"
src/cellar/x.c "base/err.h"
src/main.c <ncurses.h>
ui/x.c "hsm/hsm.h"
ui/x.c "agent/drivers.h"
ui/app.c <ncurses.h>
ui/layout.h <curses.h>
ui/keys.c <ncursesw/curses.h>
ui/term.c <p11-kit/pkcs11.h>
END

ok "every room includes only what it may know" keeps_rules "$abs_top_srcdir"
finish
