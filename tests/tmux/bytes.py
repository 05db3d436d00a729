#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Types keys into the console on a pty, one byte at a time, as the slowest line delivers them.

usage: bytes.py SCENARIO CONSOLE CEREMONY-FILE

A byte is sent once the console has taken the one before and sleeps again, so that it has never seen two
together. How long that takes does not matter: ESCDELAY is a minute, but where a scenario says otherwise.
Each scenario runs for every type of terminal in TYPES, for all at the same time, each with tokens of its
own: most of the time it waits. Prints "ok - WORDS" and "not ok - WORDS".
"""
import fcntl
import functools
import os
import pathlib
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from concurrent.futures import ThreadPoolExecutor

PATIENCE = int(os.environ.get("HSMFERRY_TEST_PATIENCE", "60"))  # seconds until what does not come has failed
TYPES = ["xterm", "xterm-256color", "linux", "vt220", "screen", "tmux", "tmux-256color"]
LINES, COLUMNS = 24, 80

# What terminals send for a key: xterm in both modes, the Linux console, VT220, screen, tmux, PuTTY, rxvt.
FORMS = {
    "Up": ["\033[A", "\033OA"],
    "Down": ["\033[B", "\033OB"],
    "Left": ["\033[D", "\033OD"],
    "Right": ["\033[C", "\033OC"],
    "PgUp": ["\033[5~"],
    "PgDn": ["\033[6~"],
    "Home": ["\033[H", "\033OH", "\033[1~", "\033[7~"],
    "End": ["\033[F", "\033OF", "\033[4~", "\033[8~"],
    "Ins": ["\033[2~"],
    "Shift-Tab": ["\033[Z"],
    "keypad Enter": ["\033OM"],
    "F1": ["\033OP", "\033[11~", "\033[[A", "\0331"],
    "F2": ["\033OQ", "\033[12~", "\033[[B", "\0332"],
    "F3": ["\033OR", "\033[13~", "\033[[C", "\0333"],
    "F4": ["\033OS", "\033[14~", "\033[[D", "\0334"],
    "F5": ["\033[15~", "\033[[E", "\0335"],
    "F6": ["\033[17~", "\0336"],
    "F7": ["\033[18~", "\0337"],
    "F8": ["\033[19~", "\0338"],
    "F9": ["\033[20~", "\0339"],
    "F10": ["\033[21~", "\0330"],
}

# Where Esc has another time than a minute: none, or one that a new size and its drawing fit into.
ESC_DELAYS = {"hasty": {"ESCDELAY": "0"}, "resized": {"ESCDELAY": "3000"}}

# What clears a screen before it is drawn.
CLEARS = re.compile(rb"\033\[H\033\[2?J")

# Keys that mean something in every dialog that asks.
MEANT_IN_DIALOGS = FORMS["F1"] + FORMS["F2"] + FORMS["F10"] + FORMS["keypad Enter"]

# What is no key of the console: Ctrl-Up and Shift-F5, focus, the mouse in three ways, reports, Alt and a
# letter, Alt and a key that is a sequence itself, strings, F13, sequences that were given up.
STRANGE = [
    "\033[1;5A", "\033[15;2~", "\033[1;2P", "\033[I", "\033[O", "\033[<0;9;4M", "\033[<0;9;4m", "\033[M !!",
    "\033[?1;2c", "\033[>41;379;0c", "\033[12;34R", "\033y", "\033Y", "\033\r", "\033\xe9", "\033\033[1;5A",
    "\033\033Ow", "\033\033[25~", "\033Ow", "\033[25~", "\033[27;5;121~", "\033[121;5u", "\033]0;yes\a",
    "\033]0;yes\033\\", "\033Pstart\r\033\\", "\033_y\033\\", "\033^y\033\\", "\033Xy\033\\", "\033[1\030",
    "\033[ q",
]


class Failed(Exception):
    """What was waited for did not come."""


class Console:
    """A console on its own pty."""

    def __init__(self, command, term, **environment):
        self.term = term
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        # Made once, here: whoever has the slave open can ask whether a byte was taken.
        environment = {**os.environ, "TERM": term, "LC_ALL": "C.UTF-8", "ESCDELAY": "60000", **environment}
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.master)
            os.login_tty(self.slave)
            os.execve(command[0], command, environment)
        self.arrived = select.poll()
        self.arrived.register(self.slave, select.POLLIN)
        self.shown = b""
        self.code = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.master)  # first: what waits to be read would keep the console from its end
        os.close(self.slave)
        if self.code is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)

    def read(self, seconds):
        """Takes what the console shows."""
        if select.select([self.master], [], [], seconds)[0]:
            self.shown += os.read(self.master, 65536)

    def until(self, is_so, what):
        """Waits for a state."""
        end = time.monotonic() + PATIENCE
        while not is_so():
            if time.monotonic() > end:
                raise Failed(f"{what}; the terminal shows: {self.text()}")
            self.read(0.002)

    def sleeps(self):
        """Has the console taken all, and does it wait for more? To ask for it, poll(2) of the slave moves
        what was written to where the console reads it."""
        if self.arrived.poll(0):
            return False
        with open(f"/proc/{self.pid}/stat", encoding="latin-1") as stat:
            return stat.read().rpartition(")")[2].split()[0] in "SZ"

    def resize(self, lines, columns):
        """Gives the window another size, and waits until the console has drawn itself for it."""
        self.shown = b""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        os.kill(self.pid, signal.SIGWINCH)
        self.until(self.has_drawn, "the screen is not drawn for the new size")

    def type(self, text):
        """Sends this, byte by byte; a letter beyond ASCII is more than one."""
        for byte in text.encode():
            os.write(self.master, bytes([byte]))
            self.until(self.sleeps, f"the console does not take the byte {byte:#x} of {text!r}")

    def text(self):
        """What was shown since the screen was cleared last, without what moves the cursor."""
        shown = re.sub(rb"\033(\[[0-?]*[ -/]*[@-~]|[()*+][0-~]|\][^\a\033]*(\a|\033\\)|[0-9=>A-Z])|[\016\017\r]",
                       b"", CLEARS.split(self.shown)[-1])
        return shown.decode(errors="replace")

    def has_drawn(self):
        """Was the screen cleared, and does the console wait again?"""
        return CLEARS.search(self.shown) and self.sleeps() and not select.select([self.master], [], [], 0.005)[0]

    def screen(self):
        """The whole screen as it is now: Ctrl-L, a key of every view and dialog, has it sent once more."""
        self.shown = b""
        self.type("\f")
        self.until(self.has_drawn, "the screen is not drawn again")
        return self.text()

    def sees(self, text):
        """Waits until this is on the screen."""
        def is_seen():
            screen = self.screen()
            return text in screen and "Keys are taken in a moment" not in screen
        self.until(is_seen, f"not on the screen: {text!r}")

    def shows(self, text):
        """Waits until this was sent, and types nothing."""
        self.until(lambda: text in self.text(), f"not shown: {text!r}")

    def says(self, typed, text):
        """Types this until the line that answers it is this one; the next key takes that line away."""
        def is_answered():
            self.type(typed)
            self.read(0.3)
            return text in self.text()
        self.shown = b""
        self.until(is_answered, f"not said: {text!r}")

    def ended(self):
        """The exit code, once there is one."""
        def is_gone():
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
            return pid
        self.until(is_gone, "the console does not end")
        return self.code


def strange(console):
    """All that is no key."""
    for sequence in STRANGE:
        console.type(sequence)


# --- scenarios: a console is given, and words that say what was tried come out ------------------------

def pin(console):
    """Neither cancels the PIN nor gets into it."""
    console.sees("DESTINATION: token hsm-new")
    console.type("12")
    strange(console)
    for form in sum(FORMS.values(), []):
        if form not in MEANT_IN_DIALOGS:
            console.type(form)
    console.sees("DESTINATION: token hsm-new")
    console.type("34\r")
    console.sees("0 objects")
    console.type("q")
    return "a PIN is neither cancelled nor spoiled", console.ended() == 0


def letter(console):
    """A letter of two bytes is one letter: the PIN is right with it."""
    console.sees("DESTINATION: token hsm-new")
    console.type("12\N{LATIN SMALL LETTER E WITH ACUTE}34\r")
    console.sees("0 objects")
    console.type("q")
    return "a letter of two bytes is one", console.ended() == 0


def gates(console):
    """Nothing of it is typed at the review, answers a question, or stops a ceremony."""
    console.sees("of 5 marked")
    console.type("  ")
    console.sees("2 of 5 marked")
    console.type("c")
    console.sees("ferry 2")
    console.type("ferry ")
    strange(console)
    console.sees("REVIEW")
    console.type("2\r")
    console.sees("Key 1 of 2")
    console.type(FORMS["F10"][0])
    console.sees("Stop it and leave?")
    strange(console)
    console.sees("Stop it and leave?")
    console.type("n")
    console.sees("Key 1 of 2")
    console.type("al")
    strange(console)
    console.type("pha\r")
    console.sees("Key 2 of 2")
    console.type("beta\r")
    console.sees("2 moved")
    console.type("q")
    return "neither answers a gate nor stops a ceremony", console.ended() == 0


def fails(console):
    """A wrong PIN, and none when the same side is asked again."""
    console.type("4321\r")
    console.sees("FAILED")
    strange(console)
    console.sees("FAILED")
    console.type("\r")
    console.sees("a wrong PIN was entered")
    console.type("\x1b\x1bx")  # Esc, and Alt with x, which means nothing: a lone Esc takes a minute here
    console.sees("FAILED")
    console.type("\r")
    console.sees("R tries again")


def retry(console):
    """The side that failed is asked again, never the other, and shows nothing that it showed before."""
    console.sees("DESTINATION: token hsm-new")
    fails(console)
    console.type(FORMS["Left"][0] + "R")  # the cursor is on the healthy side
    console.sees("DESTINATION: token hsm-new")
    strange(console)
    console.type("1234\r")
    console.sees("0 objects")
    console.says("R", "Neither HSM failed")
    console.type("q")
    return "the side that failed is opened again", console.ended() == 0


def rows(console):
    """A side that fails shows none of the keys that it showed before, and the other one keeps its own."""
    console.sees("DESTINATION: token hsm-new")
    console.type("1234\r")
    console.sees("onlyhere")
    console.type("o")
    console.until(lambda: console.screen().count("ready") == 2, "not both tokens are listed")
    console.type(FORMS["Right"][1] + 3 * FORMS["Down"][1] + "\r")
    console.sees("Compare label and serial")
    console.type("n")
    console.sees("DESTINATION: token hsm-new")
    fails(console)
    screen = console.screen()
    if "onlyhere" in screen or "gamma" not in screen:
        raise Failed(f"old rows, or none of the healthy side: {screen}")
    console.type("R")
    console.sees("DESTINATION: token hsm-new")
    console.type("1234\r")
    console.sees("onlyhere")
    console.type("q")
    return "a side that fails shows no old rows", console.ended() == 0


KEYS = {  # of the inventory: what to type before, what is seen, and what leads back
    "Up": ("G", "\u25b8 bulk-00059", ""),
    "Down": ("g", "\u25b8 bulk-00002", ""),
    "PgUp": ("G", "\u25b8 bulk-00044", ""),
    "PgDn": ("g", "\u25b8 bulk-00017", ""),
    "Home": ("G", "\u25b8 bulk-00001", ""),
    "End": ("g", "\u25b8 bulk-00060", ""),
    "Left": ("l", "\u25b8 bulk-00060", ""),
    "Ins": ("-", "1 of 60 marked", "-"),
    "keypad Enter": ("", "DETAILS: source", "q"),
    "F1": ("", "HELP: Inventory", "q"),
    "F2": ("", "Save the ceremony file as", "\x15\r"),
    "F3": ("", "DETAILS: source", "q"),
    "F4": ("", "FILTER", "\r"),
}


def keys(console):
    """Every form of a key is this key."""
    console.sees("of 60 marked")
    for key, (before, seen, after) in KEYS.items():
        for form in FORMS[key]:
            console.type(before)
            console.type(form)
            try:
                console.sees(seen)
            except Failed as e:
                raise Failed(f"{form!r} is not {key}: {e}") from e
            console.type(after)
    console.type(FORMS["F10"][0])
    return "every form of a key is this key", console.ended() == 0


def offers(console):
    """A key that the terminal cannot send is offered by its letter, which works."""
    console.sees("of 5 marked")
    console.sees("c Migrate" if console.term == "vt220" else "F5 Migrate")
    console.type(" c")
    console.sees("Type  ferry 1")
    console.sees("F1 Help")  # all of them have it
    console.type("\0330")
    return "a key that is missing is offered by its letter", console.ended() == 0


def slow(console):
    """A line on which half a second passes after Esc."""
    console.sees("DESTINATION: token hsm-new")
    console.type("\033")
    time.sleep(0.5)
    console.type("[25~1234\r")
    console.sees("0 objects")
    console.type("q")
    return "with ESCDELAY half a second between two bytes does no harm", console.ended() == 0


def resized(console):
    """The window changes its size between Esc and the end of the time that a sequence has."""
    console.sees("DESTINATION: token hsm-new")
    console.type("\033")
    console.resize(LINES + 6, COLUMNS + 20)
    console.shows("FAILED")  # nothing more was typed
    console.sees("no PIN was given")
    console.type("q")
    return "a new size does not swallow an Esc", True


def hasty(console):
    """The control: a console that waits no longer takes the first byte for Esc, and it is seen here."""
    console.sees("DESTINATION: token hsm-new")
    console.type("\033")
    console.shows("FAILED")
    console.sees("no PIN was given")
    console.type("[25~q")
    return "control: a console that does not wait cancels the PIN", True


def own_ceremony(path, term):
    """The same ceremony with tokens of its own, in a folder of its own."""
    folder = path.parent / term
    folder.mkdir(exist_ok=True)
    for store in folder.glob("*.store"):
        store.unlink()  # of the scenario before
    text = path.read_text(encoding="utf-8")
    for side in ("source", "destination"):
        text = text.replace(f"{path.parent}/{side}.store", f"{folder}/{side}.store")
    text = text.replace("serial=", f"serial={TYPES.index(term)}")
    (folder / path.name).touch(0o600)
    (folder / path.name).write_text(text, encoding="utf-8")
    return folder / path.name


def tried(scenario, command, term):
    """One scenario with one type of terminal: words, and whether it went as it should."""
    ceremony = own_ceremony(pathlib.Path(command[-1]), term)
    environment = {**ESC_DELAYS.get(scenario.__name__, {}), "XDG_STATE_HOME": str(ceremony.parent / "state")}
    try:
        with Console([*command[:-1], str(ceremony)], term, **environment) as console:
            return scenario(console)
    except Failed as e:
        return f"{scenario.__name__}: {e}", False


def main():
    scenarios = {f.__name__: f for f in (pin, letter, gates, retry, rows, keys, offers, slow, resized, hasty)}
    scenario, *command = sys.argv[1:]
    is_right = True
    with ThreadPoolExecutor(len(TYPES)) as pool:
        each = functools.partial(tried, scenarios[scenario], command)
        for term, (words, right) in zip(TYPES, pool.map(each, TYPES)):
            print(f"{'ok' if right else 'not ok'} - {term}: {' '.join(words.split())}", flush=True)
            is_right &= right
    sys.exit(not is_right)


main()
