# SPDX-License-Identifier: Apache-2.0
"""A log as a host has it at /dev/log: writes each line that it gets to a file, then runs a command.

    syslog.py FILE COMMAND...   the status is that of the command
"""
import os
import socket
import subprocess
import sys
import threading


def listen(log, out):
    while True:
        line = log.recv(65536)
        if line == b"end":
            return
        out.write(line.rstrip(b"\0\n") + b"\n")
        out.flush()


def main():
    log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    log.bind("/dev/log")
    with open(sys.argv[1], "ab") as out:
        thread = threading.Thread(target=listen, args=(log, out))
        thread.start()
        status = subprocess.run(sys.argv[2:], check=False).returncode
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            end.sendto(b"end", "/dev/log")
        thread.join()
    os.unlink("/dev/log")
    return status


sys.exit(main())
