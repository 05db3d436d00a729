#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How the tree is built: circles of files and folders, how many files a step, a view and an algorithm
# need, and how large its largest parts are. Prints a table: each target, the number when tests/house.kept
# was written, and the number now. No number may be higher than its target, nor than the kept one; only
# sizes may grow as far as their target. After a number has become lower, write it down:
#
#   abs_top_builddir=BUILD sh tests/house.sh --renew
#
# This also writes down numbers that became worse; git diff shows them, and each needs a reason.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/lib.sh"

command -v python3 >/dev/null || skip_all "python3 is not installed"
command -v nm >/dev/null || skip_all "nm is not installed"
renew=${1:-}

house() ( # house TREE BUILD KEPT [--renew]
    cd "$1" && includes src ui | python3 -B "$abs_top_srcdir/tests/house.py" . "$2" "$3" ${4:+"$4"}
)

measured() { # measured TREE BUILD KEPT [--renew]: the table is printed in any case
    house "$@" >"$tmp/table" 2>&1
    measured_status=$?
    cat "$tmp/table"
    return "$measured_status"
}

ok "every target is met, and no number is worse than the kept one" measured "$abs_top_srcdir" "$abs_top_builddir" \
    "$abs_top_srcdir/tests/house.kept" ${renew:+--renew}
sed 's/^/# /' "$tmp/table"

# --- controls: a small tree, and what must be seen in it --------------------------------------------

tree=$tmp/tree

put() { # put FILE: standard input becomes this file
    mkdir -p "$tree/${1%/*}"
    cat >"$tree/$1"
}

# Two modules in two rooms, one of which knows the other.
plain_tree() {
    rm -rf "$tree" "$tmp/build"
    mkdir -p "$tree"
    echo 'bin_PROGRAMS =' >"$tree/Makefile.am"
    put src/low/one.h <<'FILE'
int one(void);
FILE
    put src/low/one.c <<'FILE'
#include "low/one.h"
int one(void)
{
    return 1;
}
FILE
    put src/low/two.h <<'FILE'
int two(void);
FILE
    put src/low/two.c <<'FILE'
#include "low/two.h"
#include "low/one.h"
int two(void)
{
    return one();
}
FILE
    put src/high/ceremony.h <<'FILE'
#include <stdbool.h>
struct ceremony {
    int a, b[2];
    bool c; /* bool d; */
    struct {
        int e, f;
    } g;
};
FILE
    put src/high/ceremony.c <<'FILE'
#include "high/ceremony.h"
#include "low/two.h"
int three(void);
int three(void)
{
    return two();
}
FILE
    put src/high/state.h <<'FILE'
struct state; /* int three(void); */
FILE
    put src/protocol/step.h <<'FILE'
enum step_id { STEP_LAST, STEPS }; /* STEP_NONE */
FILE
    put src/protocol/step.c <<'FILE'
#include "protocol/step.h"
int step(void);
int step(void)
{
    return STEP_LAST;
}
FILE
    put ui/model/dispatch.c <<'FILE'
extern const int one_view;
const int *const dispatch_views[] = {&one_view};
FILE
    put ui/app.h <<'FILE'
struct app {
    int a;
};
FILE
    put ui/app.c <<'FILE'
#include "ui/app.h"
int four(void);
int four(void)
{
    return 4;
}
FILE
}

empty_lines() { # empty_lines COUNT
    seq "$1" | sed 's/.*//'
}

build() { # as automake names objects: after their library
    (cd "$tree" && find src ui -name '*.c') | while read -r source; do
        object=$tmp/build/${source%/*}/libsome_a-$(basename "$source" .c).o
        mkdir -p "${object%/*}"
        ${CC:-cc} -I"$tree" -I"$tree/src" -c -o "$object" "$tree/$source" || return
    done
}

says() { # says NUMBER NAME: it is measured like this
    awk -v number="$1" -v name="$2" '
        index($0, name) == 1 { split(substr($0, length(name) + 1), part, " ")
            for (i = 1; i in part && part[i] ~ /^[0-9]+$/; i++) last = part[i] }
        END { exit last != number }' "$tmp/table" || {
        cat "$tmp/table"
        return 1
    }
}

says_not_worse() {
    ! grep "^$1 .*WORSE" "$tmp/table"
}

# planted NUMBER NAME: the tree as it is now has this number, and is therefore worse than it was.
planted() {
    ok "control, $2: it is built" build
    not_ok "control, $2: it is worse" measured "$tree" "$tmp/build" "$tmp/tree.kept"
    ok "control, $2: $1" says "$1" "$2"
}

plain_tree
ok "control: the tree is built" build
ok "control: its numbers are written down" measured "$tree" "$tmp/build" "$tmp/tree.kept" --renew
for line in '0 file circles by #include' '0 file circles by symbols' '0 room circles by #include' \
    '0 room circles by symbols' '4 members of struct ceremony' '1 members of struct app' \
    '1 bools in both' '0 functions that state.h declares' '0 loose files in src/' \
    '2 files of src that name a step' '0 files of src that name an algorithm' \
    '1 files of ui that name a view' \
    '1 lines of Makefile.am' '4 lines of the longest function' '8 lines of the longest file'; do
    ok "control: $line" says "${line%% *}" "${line#* }"
done
ok "control: and are no worse then" measured "$tree" "$tmp/build" "$tmp/tree.kept"

for other in one:two two:one; do
    printf '%s\n' '#pragma once' "#include \"low/${other#*:}.h\"" >>"$tree/src/low/${other%:*}.h"
done
planted 1 'file circles by #include'
plain_tree
printf '%s\n' 'int two(void);' 'int back(void);' 'int back(void) { return two(); }' >>"$tree/src/low/one.c"
planted 1 'file circles by symbols'
ok "control: which no #include shows" says 0 'file circles by #include'
plain_tree
echo '#include "high/state.h"' >>"$tree/src/low/one.c"
planted 1 'room circles by #include'
ok "control: which no symbol shows" says 0 'room circles by symbols'
plain_tree
printf '%s\n' 'int three(void);' 'int back(void);' 'int back(void) { return three(); }' >>"$tree/src/low/one.c"
planted 1 'room circles by symbols'
plain_tree
sed -i 's/return 1;/\n\n\n&/' "$tree/src/low/one.c"
ok "control: a function may grow: it is built" build
ok "control: as far as the target" measured "$tree" "$tmp/build" "$tmp/tree.kept"
ok "control: and it has" says 7 'lines of the longest function'
empty_lines 51 | sed -i '4r /dev/stdin' "$tree/src/low/one.c"
planted 58 'lines of the longest function'
plain_tree
echo 'enum { LAST = STEP_LAST };' >>"$tree/src/low/one.c"
sed -i '1i #include "protocol/step.h"' "$tree/src/low/one.c"
planted 3 'files of src that name a step'
plain_tree
echo 'extern const int one_view;' >>"$tree/ui/app.c"
planted 2 'files of ui that name a view'
plain_tree
put src/hsm/wrap_alg.h <<'FILE'
enum hsm_alg { HSM_AES_ONE, HSM_ALGS };
FILE
planted 1 'files of src that name an algorithm'
rm "$tree/src/hsm/wrap_alg.h"
plain_tree
sed -i 's/int a,/int a, *aa,/' "$tree/src/high/ceremony.h"
planted 5 'members of struct ceremony'
plain_tree
sed -i 's/int a;/&\nbool on, off;/; 1i #include <stdbool.h>' "$tree/ui/app.h"
planted 3 'members of struct app'
ok "control: two of them are bool" says 3 'bools in both'
plain_tree
echo 'void more(int a, int b);' >>"$tree/src/high/state.h"
planted 1 'functions that state.h declares'
plain_tree
echo 'int loose(void);' >"$tree/src/loose.h"
planted 1 'loose files in src/'
plain_tree
empty_lines 200 >>"$tree/Makefile.am"
planted 201 'lines of Makefile.am'
plain_tree
empty_lines 635 >>"$tree/ui/app.c"
planted 641 'lines of the longest file'
ok "... and the product may grow" says_not_worse 'lines of the product'
plain_tree
rm -rf "$tmp/build"
not_ok "control: without objects nothing is measured" measured "$tree" "$tmp/build" "$tmp/tree.kept"
finish
