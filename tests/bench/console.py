# SPDX-License-Identifier: Apache-2.0
"""The console on a pty: when it shows what, and a ceremony on the screen."""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

import ferry

PATIENCE = 120  # seconds until what does not come has failed
LISTED = r"^(?=.*of [0-9]+ marked)(?=.*[0-9] objects?\b)"  # the source, and the destination
ESCAPES = re.compile(r"\033(\[[0-9;?]*[A-Za-z]|[()][A-Z0-9]|[=>])")


class Console:
    """A console on its own pty, of 80 columns and 24 lines."""

    def __init__(self, place, file):
        self.begun, self.shown = time.monotonic(), b""
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
            os.execve(place.build / "hsmferry", ["hsmferry", str(file)],
                      {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8",
                       "XDG_STATE_HOME": str(place.folder / "state")})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            os.kill(self.pid, signal.SIGTERM)
            while os.read(self.terminal, 65536):  # its last screen would keep it from its end
                pass
        os.waitpid(self.pid, 0)
        os.close(self.terminal)

    def text(self):
        """What was shown, without what moves the cursor, with single blanks."""
        return " ".join(ESCAPES.sub(" ", self.shown.decode(errors="replace")).split())

    def shows(self, pattern, seconds):
        """Is this shown within so many seconds?"""
        end = time.monotonic() + seconds
        while not re.search(pattern, self.text()):
            if not select.select([self.terminal], [], [], max(end - time.monotonic(), 0))[0]:
                return False
            self.shown += os.read(self.terminal, 65536)
        return True

    def until(self, pattern):
        """Waits until this is shown: seconds since the start."""
        if not self.shows(pattern, PATIENCE):
            raise SystemExit(f"bench: the console does not show {pattern}: {self.text()[-2000:]}")
        return time.monotonic() - self.begun

    def type(self, text):
        """Types this; what was shown before is seen no more."""
        self.shown = b""
        os.write(self.terminal, text.encode())

    def kib(self):
        """The most memory that it had at once."""
        memory = ferry.Memory(self.pid)
        with contextlib.suppress(OSError):  # a process of the family has ended
            memory.look()
        return memory.console


def first_paint(place, file):
    """Seconds until the first screen, and until all keys are listed; KiB of the console then."""
    with Console(place, file) as console:
        first = console.until("REHEARSAL")
        return first, console.until(LISTED), console.kib()


def ceremony(place, what):
    """Seconds a key of a ceremony on the screen, from the last gate to the end of the fresh proof."""
    file = ferry.prepare(place, what)
    with Console(place, file) as console:
        console.until(r"[1-9][0-9]* of [0-9]+ marked")  # of both lists: the keys of the file
        console.type("\033[15~")  # F5
        console.until(r"in a moment: read first\. .*Esc")  # a dialog takes no keys at first
        console.type("start\r")
        console.until("The ceremony is complete")
        journal = ferry.records(file.parent / "reports")[0]
        return ferry.window_of(ferry.phases_of(journal, time.time(), 0, what.keys)) / what.keys
