#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Bad ceremony files: nothing is started, and the officer is told where and what.
set -u
# shellcheck source=tests/badinput/lib.sh
. "${0%/*}/lib.sh"

file=$tmp/c/ceremony.yaml

unopened() {
    ends "$@" && [ ! -e "$tmp/c/source" ]
}

# refused CODE WORDS FAILED NEXT: what is wrong, and what to do. No HSM is opened.
refused() {
    ok "$2" unopened "$1" "^hsmferry: .*$3" '^  now: Nothing was started' "^  next: .*$4"
}

good
ok "control: nothing wrong, and it ends 0" ends 0 'complete: 1 migrated, 0 refused, 0 failed'
good
not_ok "control: another exit code would be seen" ends 2 'complete'
good
not_ok "control: a missing sentence would be seen" ends 0 'complete' 'no such sentence'

good && rm "$file"
refused 78 "a file that is not there" 'There is no file' 'Name a ceremony file'
good && : >"$file"
refused 78 "an empty file" 'is empty' 'Write it'
good && echo '# nothing' >"$file"
refused 78 "a file of comments" 'is empty' 'Write it'
good && edit 's/^title: .*/title: "a/'
refused 78 "no YAML: line and column are told" ':8:16: this is not YAML' 'Check this line'

good && edit 's/^title:/titel:/'
refused 78 "an unknown key" ':1:1: .*"titel"; the nearest is "title"' 'The known keys there'
good && edit 's/^  rsa-bits:/  rsa_bit:/'
refused 78 "an unknown key in a section" '"policy" has no key "rsa_bit"; the nearest is "rsa-bits"' \
    'The known keys there'
good && edit '1p'
refused 78 "a key twice" ':2:1: "title" occurs twice here' 'Correct it'
good && edit 's/^rehearsal: yes/rehearsal: maybe/'
refused 78 "yes or no, and nothing between" ':2:12: "rehearsal" must be one of: yes, no' 'Correct it'
good && edit 's/^keys: .*/keys: "pkcs11:"/'
refused 78 "a word where a list belongs" '"keys" must be a list' 'Correct it'
good && edit 's/^  rsa-bits: .*/  rsa-bits: 1024/'
refused 78 "a size that is none" '"rsa-bits" must be one of: 2048, 3072, 4096' 'Correct it'
good && edit '/^rehearsal:/d'
refused 78 "a key that must be there" 'lacks "rehearsal"' 'Add a line rehearsal'

good && edit "s/^  - name/$(printf '\t')- name/"
refused 78 "a tab" ':4:1: this is not YAML' 'Indent with spaces'
good && edit 's/^title: .*/title: \&a x/' 's/^  - name: .*/  - name: *a/'
refused 78 "an anchor" 'anchors and aliases' 'Write the value out'
good && edit 's/^title: .*/title: \&a [x, x, x, x, x, x, x, x]/' \
    's/^keys: .*/keys: \&b [*a, *a, *a, *a, *a, *a, *a, *a]/' \
    's/^report-folder: .*/report-folder: [*b, *b, *b, *b, *b, *b, *b, *b]/'
refused 78 "an anchor bomb" 'anchors and aliases' 'Write the value out'
good && edit "s/^title: .*/title: $(head -c 20000 /dev/zero | tr '\0' '[')/"
refused 78 "20,000 lists in lists" 'ceremony.yaml:1:' 'Correct it'
good && head -c 70000 /dev/zero | tr '\0' '#' >>"$file"
refused 78 "a file of 70 KB" 'larger than 64 KiB' 'Correct it'
good && printf 'title: \377\376\n' >"$file"
refused 78 "bytes that are not text" 'cannot be shown .byte 0xff' 'must be plain UTF-8'
good && edit "s/^title: .*/title: $(printf 'a \342\200\256 b')/"
refused 78 "text that reads backwards" 'cannot be shown' 'Remove it'

for mode in 620 602 666; do
    good && chmod "$mode" "$file"
    refused 77 "writable by others ($mode)" 'can be changed by other users' 'chmod go-w'
done
good && chmod 644 "$file"
ok "control: readable by all is fine" ends 0 'complete'
if [ "$(id -u)" -eq 0 ]; then
    good && chown 65534 "$file"
    refused 77 "owned by somebody else" 'belongs to another user' 'your own copy'
else
    skip "owned by somebody else" "only root can give a file away"
fi
good && mv "$file" "$tmp/c/other" && ln -s other "$file"
refused 77 "a symbolic link" 'is a symbolic link' 'Name the file itself'

good && edit 's/^  module: .*source/&\n  pin: hunter2/'
refused 78 "a PIN as a key" 'has no key "pin"' 'A PIN has no place in this file'
not_ok "... which is not told again" grep hunter2 "$tmp/log"
good && edit 's/pin-source=[^"]*/pin-value=hunter2/'
refused 78 "a PIN in a URI" 'pin-value' 'pin-source=file'
not_ok "... which is not told again" grep hunter2 "$tmp/log"
good && edit 's/^  module: .*source/&\n  environment: ["TOKEN_PIN=hunter2"]/'
refused 78 "a PIN in the environment" 'would hold a PIN' 'A PIN has no place in this file'
not_ok "... which is not told again" grep hunter2 "$tmp/log"

# From here on our own agent, which is for modules only.
own_agent() {
    good && edit '/^  agent:/d' 's/^  api: .*/  api: pkcs11/' 's/^  parameters: .*/  parameters: ""/' \
        "s|^  module: .*|  module: $1|"
}
own_agent lib/module.so
refused 78 "a module by a relative path" 'path must be absolute' 'Write for example /'
own_agent "$tmp/missing.so"
refused 78 "a module that is not there" 'missing.so cannot be opened: No such file' 'Install it'
own_agent "$tmp"
refused 78 "a folder for a module" 'is not a shared library' 'Correct it'
own_agent "$abs_top_srcdir/README.md"
refused 78 "a text for a module" 'is not a shared library' 'Correct it'

good && edit "s|^  module: .*|  module: $tmp/c/source|" 's/token=new/token=old/' \
    's/^  parameters: .*/  parameters: "label=old;serial='$$';pin=swordfish;keys=aes32:one"/'
refused 78 "the same token on both sides" 'source and destination are the same token' \
    'Name two tokens'
finish
