#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who may know whom: no room of the house includes a header of a room that it must not know.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/lib.sh"

# One line for each room: its folder, and all that its files may include of ours (a regular
# expression). A room that may know another may know it whole.
rooms() {
    cat <<'END'
src/base            base/
src/confine         base/|confine/
src/hsm             base/|hsm/
src/protocol        base/|hsm/|protocol/
src/link            base/|hsm/|link/
src/driver/load     base/|confine/|hsm/|driver/load/
src/driver/dialect  base/|hsm/|driver/(load|dialect)/
src/driver/pkcs11   base/|hsm/|driver/(load|dialect|pkcs11)/
src/driver/nss      base/|hsm/|driver/(load|dialect|nss)/
src/driver/openssl  base/|hsm/|driver/(load|openssl)/
src/driver/libp11   base/|hsm/|driver/(load|dialect|libp11)/
src/agent           base/|confine/|hsm/|link/|driver/|agent/
src/plan            base/|hsm/|protocol/|plan/
src/transfer        base/|hsm/|protocol/|plan/|transfer/
src/ceremony        base/|hsm/|protocol/|plan/|transfer/|sealed/|ceremony/
src/sealed          base/|hsm/|protocol/|plan/|sealed/
src/journal         base/|hsm/|protocol/|journal/
src/report          base/|hsm/|protocol/|journal/|report/
src/worker          base/|hsm/|protocol/|link/|plan/|ceremony/|worker/
src/config          base/|hsm/|protocol/|plan/|report/yaml_writer\.h|config/
src/cmd             .
ui/model            base/|hsm/(facts|fidelity|key|uri)\.h|protocol/|plan/|config/|ui/model/
ui/screen           base/|hsm/(facts|fidelity|key|uri)\.h|protocol/|plan/|config/|worker/worker\.h|ui/(model|screen)/
ui/plain            base/|hsm/(facts|fidelity|key|uri)\.h|protocol/|plan/|report/|worker/worker\.h|ui/(model|plain)/
END
}

drawing='ui/screen/'
curses='n?curses|panel\.h|menu\.h|form\.h|term\.h'
hsm_libraries='p11-kit/|pkcs11|cryptoki|libp11|nss|nspr|pk11|keyhi|cert\.h|sec(err|item|mod|oid|port)\.h|prerror|prprf'

# broken TREE: prints what breaks a rule there, and fails where there is something to print.
broken() (
    cd "$1" || { echo "$1 is not there" && exit; }
    rooms | while read -r room headers; do
        includes "$room" | grep '#include "' | grep -vE "#include \"($headers)"
    done
    # A header of ours under another spelling would pass all rules.
    includes src ui | grep -E '#include (<(base|confine|hsm|protocol|link|driver|agent|plan|transfer|ceremony|sealed|journal|report|worker|config|cmd|ui)/|.*\.\./)'
    includes src ui | grep -E "#include <.*($curses)" | grep -vE "^$drawing"
    includes src ui | grep -E "#include <($hsm_libraries)" | grep -v '^src/driver/'
    find src ui -name '*.[ch]' | sed 's,/[^/]*$,,' | sort -u | while read -r room; do
        rooms | grep -q "^$room " || echo "$room has no rule"
    done
    find src ui -name '*.[ch]' | sed 's,.*/,,' | sort | uniq -d | sed 's/$/: two files have this name/'
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
src/protocol/x.c "hsm/key.h"
src/link/x.c "hsm/hsm.h"
src/driver/pkcs11/x.c "driver/dialect/dialect.h"
src/driver/pkcs11/x.c <p11-kit/pkcs11.h>
src/driver/openssl/x.c "driver/load/fence.h"
src/agent/x.c "driver/nss/nss.h"
src/transfer/x.c "plan/plan.h"
src/ceremony/x.c "hsm/hsm.h"
src/sealed/x.c "plan/suite.h"
src/journal/x.h "protocol/event.h"
src/report/x.h "journal/journal.h"
src/worker/x.h "link/remote.h"
src/cmd/x.c "report/report.h"
ui/model/x.c "config/config.h"
ui/screen/x.c "worker/worker.h"
ui/screen/x.c "ui/model/app.h"
ui/screen/x.c <ncurses.h>
END
# ... and broken.
while read -r file header; do
    plant "$file" "$header"
    not_ok "control: $file must not include $header" keeps_rules "$tmp/tree"
done <<'END'
src/x.c "base/err.h"
src/base/x.c "hsm/key.h"
src/base/x.h "hsm/key.h"
src/base/x.c <hsm/key.h>
src/base/x.c "base/../hsm/key.h"
src/confine/x.c "hsm/hsm.h"
src/hsm/x.c "confine/box.h"
src/hsm/x.c "plan/plan.h"
src/hsm/x.c "protocol/event.h"
src/hsm/x.c <p11-kit/pkcs11.h>
src/protocol/x.c "link/wire.h"
src/link/x.c "protocol/event.h"
src/driver/pkcs11/x.c "driver/nss/nss.h"
src/driver/nss/x.c "plan/plan.h"
src/agent/x.c "plan/plan.h"
src/agent/x.c "report/report.h"
src/agent/x.c "ui/model/app.h"
src/plan/x.c "ceremony/ceremony.h"
src/transfer/x.c "ceremony/ceremony.h"
src/transfer/x.c "link/remote.h"
src/ceremony/x.c "agent/drivers.h"
src/ceremony/x.c "report/report.h"
src/ceremony/x.c "ui/model/app.h"
src/ceremony/x.c "link/wire.h"
src/ceremony/x.c <nss/nss.h>
src/sealed/x.c "ceremony/setup.h"
src/sealed/x.c "report/yaml_writer.h"
src/journal/x.c "hsm.h"
src/journal/x.c "plan/plan.h"
src/report/x.c "plan/plan.h"
src/cellar/x.c "base/err.h"
src/cmd/x.c <ncurses.h>
ui/model/x.c "hsm/hsm.h"
ui/model/x.c "agent/drivers.h"
ui/model/x.c "report/signing.h"
ui/model/x.c "ui/screen/verification.h"
ui/model/x.c "worker/worker.h"
ui/model/x.c <ncurses.h>
ui/plain/x.c "ui/screen/term.h"
ui/plain/x.h <curses.h>
ui/plain/x.c <ncursesw/curses.h>
ui/screen/x.c <p11-kit/pkcs11.h>
END

ok "every room includes only what it may know" keeps_rules "$abs_top_srcdir"
finish
