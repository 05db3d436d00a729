#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who may know whom: no room of the house includes a header of a room that it must not know.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/lib.sh"

# knows_only HEADERS FOLDER [FILE PATTERN]: all that the C files there include by "..." is HEADERS
# (a regular expression); prints what else there is.
knows_only() {
    find "$2" -name "${3:-*.[ch]}" -exec grep -HE '^ *# *include *"' {} + |
        grep -vE ":.*\"($1)" | { ! grep .; }
}

# only_in FOLDERS HEADERS: <...> headers that match HEADERS are included nowhere but in FOLDERS.
only_in() {
    find src ui -name '*.[ch]' -exec grep -HE "^ *# *include *<($2)" {} + |
        grep -vE "^($1)" | { ! grep .; }
}

plain_data='hsm/(key|facts|event)\.h'

cd "$abs_top_srcdir" || exit
mkdir -p "$tmp/base"
echo '#include "hsm/hsm.h"' >"$tmp/base/bad.c"
not_ok "control: a wrong include is seen" knows_only 'base/' "$tmp/base"
not_ok "control: base is no agent" only_in 'src/nowhere' 'openssl/'

ok "base knows nothing of HSMs" knows_only 'base/' src/base
ok "hsm knows base" knows_only 'base/|hsm/' src/hsm
ok "agent knows base and hsm" knows_only 'base/|hsm/|agent/' src/agent
ok "ceremony knows base and hsm, no driver, no record" knows_only 'base/|hsm/|ceremony/' src/ceremony
ok "record knows base and plain data" knows_only "base/|$plain_data|record/" src/record
ok "ui never sees an HSM" knows_only "base/|$plain_data|hsm/uri\.h|ceremony/|record/|ui/|config\.h" ui
ok "only agents know HSM libraries" only_in 'src/agent/' 'p11-kit/|pkcs11|nss|nspr|pk11|secmod|libp11'
ok "only the screen knows curses" only_in 'ui/(draw|term|pane|lanes|dialog)' 'n?curses'
finish
