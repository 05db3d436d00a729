# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# What the console's tests share: hsmferry in a tmux of its own, on fake HSMs, with keys that are
# typed and text that is waited for. Nothing here sleeps for a time and hopes.

# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"

command -v tmux >/dev/null || skip_all "tmux is not installed"
hsmferry=$abs_top_builddir/hsmferry
agent=$abs_top_builddir/tests/fake/hsmferry-agent-fake
server=hsmferry-test-$$
session=0
patience=${HSMFERRY_TEST_PATIENCE:-20} # seconds until a text that does not come has failed
LC_ALL=C.UTF-8
TERM=xterm-256color
export LC_ALL TERM
XDG_STATE_HOME=$tmp/state # where the console keeps the last two HSMs
export XDG_STATE_HOME
unset NO_COLOR ESCDELAY COLORFGBG

t() {
    tmux -L "$server" -f /dev/null "$@"
}

end_tmux() {
    t kill-server 2>/dev/null
    tap_end "$1"
}
trap 'end_tmux $?' EXIT

# The program's surroundings: what was on the screen before, how it ended, and whether the terminal
# is as it was.
cat >"$tmp/run" <<'END'
#!/bin/sh
echo BEFORE
stty -g >"$1/stty.before"
sh -c 'echo $$ >"$0/pid"; exec "$@"' "$@"
status=$?
stty -g >"$1/stty.after"
echo "[exit $status]"
exec sleep 1000
END
chmod +x "$tmp/run"

# fake SIDE PARAMETERS [TOKEN-LABEL]: one side of a ceremony file.
fake() {
    cat <<END
$1:
  api: fake
  agent: ["$agent"]
  module: $dir/$1.store
  parameters: "label=${3:-hsm-$1};serial=$$${1#dest};$2"
  token: pkcs11:token=${3:-hsm-$1}${4:-}
  time-limit: 60
END
}

# shellcheck disable=SC2034 # for those who read this file
few='keys=aes32:alpha,ec256:beta:+public,generic13:gamma,aes16:stays:-extractable'

# ceremony NAME SOURCE-PARAMETERS [DESTINATION-PARAMETERS [GATES [KEYS]]]: makes $dir and
# $dir/c.yaml; the PINs come from files.
ceremony() {
    dir=$tmp/$1
    mkdir -p "$dir"
    (umask 077 && echo 1234 >"$dir/pin")
    {
        echo "title: Test of $1"
        echo "rehearsal: yes"
        [ "${pace-run}" = default ] || echo "pace: ${pace-run}" # most tests are of other things
        fake source "$2" hsm-old "?pin-source=file:$dir/pin"
        fake destination "${3:-}" hsm-new "?pin-source=file:$dir/pin"
        echo "keys: [${5:-}]"
        echo "policy:"
        echo "  rsa-bits: 2048" # made faster; the tests are of the screen
        echo "  gates: ${4:-[review, fingerprint]}"
        echo "report-folder: reports"
    } >"$dir/c.yaml"
    chmod 600 "$dir/c.yaml"
}

# console SIZE WORDS...: starts hsmferry with these words in a window of this size (80x24), and with
# $before (NAME=value) in its environment where that is set.
console() {
    size=$1
    shift
    session=$((session + 1))
    t new-session -d -s "$session" -x "${size%x*}" -y "${size#*x}" "$tmp/run" "$dir" \
        ${before+env "$before"} "$hsmferry" "$@"
    t kill-session -t "$((session - 1))" 2>/dev/null
}

# The program hears of another size a little later: its last line is there once it has drawn for it.
drawn() { # drawn ROWS
    [ "$(t display-message -p '#{alternate_on}')" = 0 ] ||
        screen | sed -n "$1p" | grep -v '^[│└ ]*$' | grep -qv '^│'
}

resize() {
    t resize-window -x "${1%x*}" -y "${1#*x}"
    drawn_until=$(($(date +%s) + 5))
    until drawn "${1#*x}" || [ "$(date +%s)" -ge "$drawn_until" ]; do
        sleep 0.05
    done
}

# A dialog that opens by itself takes no keys at first, and says so.
listens() {
    ! screen | grep -qF "Keys are taken in a moment" || lacks "Keys are taken in a moment"
}

# press KEYS...: by tmux's names; type TEXT: as it is.
press() {
    listens
    t send-keys "$@"
}

type_text() {
    listens
    t send-keys -l -- "$1"
}

screen() {
    t capture-pane -p
}

# sees TEXT: it is on the screen, or comes in time. sees_like PATTERN: the same for a pattern.
sees() {
    wait_for -F "$1"
}

sees_like() {
    wait_for -G "$1"
}

# Each screen on which something was seen is also looked at for the stamp of its kind: a rehearsal,
# but where $stamp says which; "none": no kind was chosen. Not once the program has left.
stamped() {
    if [ "$stamp_wanted" = none ]; then
        ! head -n 1 "$tmp/screen" | grep -q -e REHEARSAL -e PRODUCTION
    else
        grep -q -e "$stamp_wanted" -e '\[exit ' -e 'hsmferry crashed' "$tmp/screen"
    fi
}

# A screen may be captured while it is drawn for a new size: is it the same a little later?
stays() {
    sleep 0.3
    screen | cmp -s - "$tmp/screen"
}

wait_for() {
    stamp_wanted=${stamp:-REHEARSAL}
    sees_until=$(($(date +%s) + patience))
    until screen >"$tmp/screen" && grep -q "$1" -e "$2" "$tmp/screen" && { stamped || stays; }; do
        if [ "$(date +%s)" -ge "$sees_until" ]; then
            echo "not on the screen: $2"
            screen
            patience=2 # what follows from a failure need not be waited for as long
            return 1
        fi
        sleep 0.05
    done
    stamped || {
        echo "this screen does not say $stamp_wanted:"
        cat "$tmp/screen"
        return 1
    }
}

# lacks TEXT: it is not on the screen, or goes away in time.
lacks() {
    lacks_until=$(($(date +%s) + patience))
    while screen | grep -qF -- "$1"; do
        if [ "$(date +%s)" -ge "$lacks_until" ]; then
            echo "still on the screen: $1"
            screen
            return 1
        fi
        sleep 0.05
    done
}

# The program is gone with this code, and the terminal is as it was.
ended() {
    sees "[exit $1]" && sees BEFORE && cmp "$dir/stty.before" "$dir/stty.after"
}

hsmferry_pid() {
    cat "$dir/pid"
}

# report_says OUTCOME
report_says() {
    grep -q "^  outcome: \"$1\"$" "$dir"/reports/*.yaml
}

# The words of the fingerprint that the gate on the screen asks for, read off the screen.
asked_words() {
    screen | awk '
        match($0, /words [0-9]+, [0-9]+, [0-9]+ and [0-9]+/) {
            split(substr($0, RSTART, RLENGTH), ask, /[^0-9]+/)
        }
        /as the SOURCE (loaded it|reports them)/ { source = 1 }
        source && !/ words / && /^[^0-9]*[0-9]+ [A-Za-z]+ / {
            for (i = 1; i <= NF; i++)
                if ($i ~ /^[0-9]+$/) { at = $i; break }
            for (i++; i <= NF && $i ~ /^[A-Za-z]+$/; i++) word[at++] = $i
        }
        END { print word[ask[2]], word[ask[3]], word[ask[4]], word[ask[5]] }'
}

# From the start to a listed inventory.
listed() {
    sees "of $1 marked" && sees " yes"
}

# From marked keys to a ceremony that runs: review, then the word.
migrate() {
    press F5
    sees "Type  ferry $1" && type_text "ferry $1" && press Enter
}

compare() {
    sees_like "as the SOURCE \(loaded it\|reports them\)" && type_text "$(asked_words)" && press Enter
}
