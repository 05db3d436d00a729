# SPDX-License-Identifier: Apache-2.0
"""Stands between hsmferry and an agent, and spoils one answer.

    agent.py HOW CALL N AGENT [ARGUMENT]...

At the N-th request of CALL (a field of hsm.proto's Request), HOW the answer is spoiled:

    none      not at all
    die       killed before the request is passed on
    late      killed when the answer is there
    half      half of the answer, and the end
    garbage   a frame of bytes that are no message
    huge      a frame longer than any may be
    more      the answer twice
    other     the answer to another request"""

import os
import signal
import struct
import subprocess
import sys

CALLS = ("open", "info", "slots", "login", "list", "handles", "describe", "public_key", "offers",
         "make_pair", "load_public", "make_aes", "wrap", "unwrap", "prove", "commit", "destroy",
         "make_key", "certificate", "make_public", "remove", "another", "session", "lock",
         "make_token_pair", "make_evidence_key", "seal", "unseal", "make_agreement_pair", "meet",
         "agree")
FIRST_FIELD = 2


def read(file, size):
    """So many bytes; the end of the file is the end of the program."""
    data = file.read(size)
    if len(data) < size:
        sys.exit(0)
    return data


def read_frame(file):
    """One frame, with its length in front."""
    head = read(file, 4)
    return head + read(file, struct.unpack(">I", head)[0])


def varint(data, at):
    """A number of protobuf's, and where it ends."""
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 0x80:
            return value, at


def call_of(frame):
    """Which call a request is: the field behind its id."""
    _, at = varint(frame, 5)  # behind the frame's length and the id's tag
    return CALLS[(varint(frame, at)[0] >> 3) - FIRST_FIELD]


def kill():
    """As a crash would."""
    os.kill(os.getpid(), signal.SIGKILL)


def spoil(how, reply):
    """What is sent for this reply; None: nothing, and the end."""
    if how == "late":
        kill()
    return {
        "half": reply[:len(reply) // 2],
        "garbage": struct.pack(">I", 64) + b"\xff" * 64,
        "huge": struct.pack(">I", 0x7FFFFFFF) + b"\x00" * 64,
        "more": reply + reply,
        "other": reply[:4] + bytes([reply[4], reply[5] ^ 1]) + reply[6:],
    }.get(how, reply)


def main(how, call, due, *command):
    """Passes frames on."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as agent:
        seen, greeted = 0, False
        while True:
            request = read_frame(sys.stdin.buffer)
            hit = greeted and call_of(request) == call
            seen, greeted = seen + hit, True
            hit = hit and seen == int(due)
            if hit and how == "die":
                kill()
            agent.stdin.write(request)
            agent.stdin.flush()
            reply = read_frame(agent.stdout)
            sys.stdout.buffer.write(spoil(how, reply) if hit else reply)
            sys.stdout.buffer.flush()
            if hit and how == "half":
                sys.exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
