#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The completion of the command line in real shells: what is offered at each place is what the command takes
# there. Both scripts come from the table of commands, like --help, and that is compared here too.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/lib.sh"

hsmferry=$abs_top_builddir/hsmferry
command -v python3 >/dev/null || skip_all "python3 is not installed"
cd "$tmp" || exit
mkdir folder
touch move.yaml 'a b.yaml' move.journal move.offer key.pem
"$hsmferry" completion bash >bash.script
"$hsmferry" completion zsh >_hsmferry

# --- bash: the function is called as readline calls it -----------------------------------------------

# offered WORD...: what bash offers for the last word, sorted, on one line.
offered() {
    # shellcheck disable=SC2016 # for bash
    bash --norc --noprofile -c '
        source ./bash.script
        COMP_WORDS=(hsmferry "$@") COMP_CWORD=$#
        _hsmferry 2>&1
        printf "%s\n" "${COMPREPLY[@]}"' bash "$@" | sort -u | paste -s -d ' '
}

# offers EXPECTED WORD...
offers() {
    offers_expected=$1
    shift
    offers_found=$(offered "$@")
    [ "$offers_found" = "$offers_expected" ] || {
        echo "offered: $offers_found"
        return 1
    }
}

if command -v bash >/dev/null; then
    ok "bash: the script has no error" bash -n bash.script
    ok "bash: a command" offers verify ver
    ok "bash: all that begin with it" offers 'replay report' rep
    ok "bash: several" offers 'compare completion confirm' co
    ok "bash: a ceremony file in place of a command" offers 'move.yaml' mo
    ok "bash: a file with a blank is one word" offers 'a b.yaml accept' a
    ok "bash: ceremony files, and folders, after a command" offers 'a b.yaml folder move.yaml' list ''
    ok "bash: journals where a journal belongs" offers 'folder move.journal' resume ''
    ok "bash: then the ceremony file" offers 'a b.yaml folder move.yaml' resume move.journal ''
    ok "bash: no third word" offers '' resume move.journal move.yaml ''
    ok "bash: a word that repeats" offers 'folder move.journal' replay move.journal move.journal ''
    ok "bash: the offer" offers 'folder move.offer' load ''
    ok "bash: the options of a command" offers '--compare --help --json' list --
    ok "bash: some of them" offers '--journal --json' verify --j
    ok "bash: a file of any kind after an option" offers 'key.pem' verify --key ke
    ok "bash: which does not count as a word" offers 'folder move.journal' resume --plain ''
    ok "bash: nor does the word of an option" offers 'a b.yaml folder move.yaml' \
        verify --key key.pem ''
    ok "bash: the services" offers 'aws-kms azure-byok' seal --for a
    ok "bash: the shells" offers 'bash zsh' completion ''
    ok "bash: commands after help" offers 'verify' help veri
    ok "bash: what is no option of it is not offered" offers '' diff --json
else
    skip "completion in bash" "bash is not installed"
fi

# --- zsh: on a terminal, as it is typed ----------------------------------------------------------------

# typed TEXT EXPECTED: after this text and Tab, the line is EXPECTED. zsh prints it with what it then runs.
typed() {
    # shellcheck disable=SC2016 # for zsh
    printf '%s\n' 'PROMPT="ready> "; unsetopt auto_menu beep; setopt no_list_beep; LISTMAX=0' \
        'fpath=("$PWD" $fpath); autoload -U compinit; compinit -D -u' \
        'hsmferry() { print -r -- "<${(j:|:)@}>"; exit; }' >.zshrc
    python3 "$abs_top_srcdir/tests/terminal.py" 'ready> ' "$1\\t\\r" -- \
        env ZDOTDIR="$tmp" TERM=dumb zsh -o no_global_rcs -i >zsh.out 2>&1
    grep -qF -- "<$2>" zsh.out || {
        cat zsh.out
        return 1
    }
}

if command -v zsh >/dev/null; then
    ok "zsh: the script has no error" zsh -n _hsmferry
    ok "zsh: a command" typed 'hsmferry ver' 'verify'
    ok "zsh: a ceremony file in place of a command" typed 'hsmferry mo' 'move.yaml'
    ok "zsh: the file of a command" typed 'hsmferry list mo' 'list|move.yaml'
    ok "zsh: a journal, not another file" typed 'hsmferry resume mo' 'resume|move.journal'
    ok "zsh: the ceremony file after it" typed 'hsmferry resume move.journal mo' \
        'resume|move.journal|move.yaml'
    ok "zsh: an option of the command" typed 'hsmferry verify --sig' 'verify|--signature'
    ok "zsh: a service" typed 'hsmferry seal --for azure' 'seal|--for|azure-byok'
    ok "zsh: a shell" typed 'hsmferry completion zs' 'completion|zsh'
    not_ok "control: what is no option of it is not completed" typed 'hsmferry diff --sig' \
        'diff|--signature'
else
    skip "completion in zsh" "zsh is not installed"
fi

# --- one table: the scripts offer the commands and options of --help, no more and no less ---------------

help_words() {
    "$hsmferry" --help | grep -oE '^  hsmferry [a-z-]+ |^  --[a-z-]+' | awk '{print $NF}' | sort
}

# bash_words SCRIPT
bash_words() {
    sed -n "s/^        \*) options='\(.*\)' ;;/\1/p" "$1" | tr ' ' '\n'
    sed -n "s/^        \([a-z-]*\)) options=.*/\1/p" "$1"
}

same_words() {
    help_words >help.words
    bash_words "$1" | sort | diff help.words -
}

ok "completion knows the commands and options of --help" same_words bash.script
sed '/^        verify) options/d' bash.script >fewer.script
not_ok "control: a command less is seen" same_words fewer.script
for command in $("$hsmferry" --help | grep -oE '^  hsmferry [a-z-]+ ' | awk '{print $2}'); do
    ok "$command --help shows its options and an example" sh -c "\"\$0\" $command --help >one.help &&
        grep -q '^usage: hsmferry $command' one.help && grep -A1 '^Example:' one.help |
        grep -q '^  hsmferry $command'" "$hsmferry"
    "$hsmferry" "$command" --help | grep -oE '^  --[a-z-]+' | awk '{print $1}' | sort >one.options
    sed -n "s/^        $command) options='\(.*\)' ;;/\1/p" bash.script | tr ' ' '\n' |
        grep -vx -e '--help' | sort >one.offered
    ok "... and bash offers these" diff one.options one.offered
    ok "help $command is $command --help" sh -c "\"\$0\" help $command | diff - one.help" "$hsmferry"
done
exits 64 "no such command" "$hsmferry" help nonsense
exits 64 "no such shell" "$hsmferry" completion fish
exits 64 "no shell" "$hsmferry" completion
for file in "$abs_top_builddir/src/cmd/completion/hsmferry:bash.script" \
    "$abs_top_builddir/src/cmd/completion/_hsmferry:_hsmferry"; do
    ok "what is installed is this: ${file##*:}" cmp "${file%:*}" "${file##*:}"
done
finish
