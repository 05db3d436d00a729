#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The record of thousands of keys: its size, the memory that reading it takes, and its steps.

usage: record.py size JOURNAL REPORT KEYS SMALL-JOURNAL SMALL-REPORT SMALL-KEYS
                                         prints the octets that one more key takes: journal, report
       record.py memory MIB COMMAND...   ends with 1 if the command takes more, else as it does
       record.py forge HSMFERRY JOURNAL  steps that were changed under new sums

The last prints a line for each case: "ok - words" or "not ok - words".
"""
import hashlib
import os
import re
import subprocess
import sys
import tempfile


def size(journal, report, keys, small_journal, small_report, small_keys):
    more = int(keys) - int(small_keys)
    for large, small in ((journal, small_journal), (report, small_report)):
        print((os.path.getsize(large) - os.path.getsize(small)) // more)


def memory(limit, *command):
    pid = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(pid, 0)
    print(f"# {usage.ru_maxrss // 1024} MiB", file=sys.stderr)
    sys.exit(usage.ru_maxrss > int(limit) * 1024 or os.waitstatus_to_exitcode(status))


# --- steps ---

DATE = len(b"2026-11-23T")


def milliseconds(time):
    """Of the day's midnight: a journal of a test that crosses one has a lead of its own there."""
    hours, minutes, seconds = time[DATE:-1].split(b":")
    return (int(hours) * 60 + int(minutes)) * 60000 + round(float(seconds) * 1000)


def read(path):
    """The first line, and the others without their sums, each with the whole of its time by both clocks."""
    with open(path, "rb") as file:
        first, *lines = file.read().splitlines()
    date, lead, whole = b"", 0, []
    for line in lines:
        number, time, *rest = re.sub(rb"\tsum=[0-9a-f]{64}$", b"", line).split(b"\t")
        time = time if b"T" in time else date + time
        if rest[0][:1] not in b"+-":
            rest.insert(0, b"%+d" % (milliseconds(time) - lead))
        date, lead = time[:DATE], milliseconds(time) - int(rest[0])
        whole.append((b"\t".join([number, time, *rest]), b"\tsum=" in line))
    return first, whole


def short(lines):
    """The lines as the program writes them: each says only what the one before does not say of its time. The last is
    read alone, and says all."""
    before = b"", None
    for line, summed in lines:
        number, time, mono, *rest = line.split(b"\t")
        before = (b"", None) if rest[0] == b"end" else before
        now = time[:DATE], milliseconds(time) - int(mono)
        rest = rest if now[1] == before[1] else [mono, *rest]
        yield b"\t".join([number, time[DATE:] if now[0] == before[0] else time, *rest]), summed
        before = now


def write(path, first, lines):
    """A forger's sums: anybody can make them."""
    head, window, text = hashlib.sha256(first).digest(), b"", first + b"\n"
    for line, summed in short(lines):
        window += line
        if summed:
            head = hashlib.sha256(head + window).digest()
            window, line = b"", line + b"\tsum=" + head.hex().encode()
        else:
            window += b"\n"
        text += line + b"\n"
    with open(path, "wb") as file:
        file.write(text)


def at(lines, pattern):
    """The place of the last line that matches: nothing after it is said by this one."""
    return max(i for i, (line, _) in enumerate(lines) if re.search(pattern, line))


def left_out(lines, pattern):
    """What the line said is not said then: the next line of its kind and side need not take it back."""
    i = at(lines, pattern)
    like = re.search(rb"\tstep\t[a-z]+\t", lines[i][0]).group()
    for name in set(re.findall(rb"\t([a-z0-9-]+)=", lines[i][0])) - {b"step", b"state", b"key"}:
        field = rb"\t" + name + rb"=([^\t]*)"
        said = [re.search(field, line) for line, _ in lines[:i] if like in line]
        before = next((match.group(1) for match in reversed(said) if match), b"")
        after = next((j for j in range(i + 1, len(lines)) if like in lines[j][0]), None)
        match = after and re.search(field, lines[after][0])
        if match and match.group(1) == before:
            line, summed = lines[after]
            lines[after] = (line[:match.start()] + line[match.end():], summed)
    del lines[i]


def changed(lines, pattern, was, instead):
    i = at(lines, pattern)
    line, n = re.subn(was, instead, lines[i][0])
    assert n == 1, lines[i]
    if b"state=failed" in line or b"\tsource\t" in line:  # nothing was said of these yet that this could take back
        line = re.sub(rb"\t[a-z0-9-]+=(?=\t|$)", b"", line)
    lines[i] = (line, lines[i][1])


LAST = rb"key=2\t"
FORGERIES = [
    ("a step left out", lambda l: (left_out(l, LAST + rb"step=relay-key\tstate=begun"),
                                   left_out(l, LAST + rb"step=relay-key\tstate=ok")), "may not come here"),
    ("a commit left out", lambda l: (left_out(l, LAST + rb"step=commit\tstate=begun"),
                                     left_out(l, LAST + rb"step=commit\tstate=ok")), "may not come here"),
    ("another blob on the relay", lambda l: changed(l, LAST + rb"step=relay-key\tstate=ok", rb"sha256=....", b"sha256=beef"),
     "not what the source encrypted"),
    ("another blob at the destination",
     lambda l: changed(l, LAST + rb"step=unwrap-key\tstate=ok", rb"sha256=....", b"sha256=beef"), "not what the source encrypted"),
    ("a proof step that failed", lambda l: changed(l, LAST + rb"step=relay-key\tstate=ok", rb"state=ok", b"state=failed"),
     "may not come here"),
    ("a step on another side", lambda l: changed(l, LAST + rb"step=relay-key\tstate=ok", rb"\trelay\t", b"\tsource\t"),
     "not those of this step"),
    ("another public object on the relay",
     lambda l: (changed(l, rb"step=read-object\tstate=ok", rb"sha256=....", b"sha256=beef"),
                changed(l, rb"step=relay-object\tstate=ok", rb"sha256=....", b"sha256=beef")), "public object that was planned"),
]


def forge(hsmferry, journal):
    place = tempfile.mkdtemp(dir=os.environ.get("TMPDIR"))
    forged, report = os.path.join(place, "forged.journal"), os.path.join(place, "forged.yaml")

    def verify(words, change, code, why):
        first, lines = read(journal)
        change(lines)
        write(forged, first, lines)
        with open(report, "wb") as file:
            made = subprocess.run([hsmferry, "report", forged], stdout=file, stderr=subprocess.PIPE, text=True)
        alone = subprocess.run([hsmferry, "verify", report], capture_output=True, text=True)
        done = subprocess.run([hsmferry, "verify", report, "--journal", forged], capture_output=True, text=True)
        good = done.returncode == code and re.search(why, done.stdout)
        print("ok -" if good else "not ok -", words)
        if not good:
            print("#", (made.stderr + done.stdout)[-300:].replace("\n", "\n# "))
        return alone.returncode

    verify("control: with its own lines under new sums it passes", lambda lines: None, 0, "intact and consistent")
    for words, change, why in FORGERIES:
        if verify(f"{words}, in the journal: seen", change, 65, "FAIL. journal +line [0-9]+ of the journal: .*" + why) != 0:
            print(f"not ok - control: {words}: the report alone does not have that step")


{"size": size, "memory": memory, "forge": forge}[sys.argv[1]](*sys.argv[2:])
