# SPDX-License-Identifier: Apache-2.0
"""What forge.py and auditor.py share: an altered report under a new seal, and the answer of hsmferry verify."""
import hashlib
import os
import re
import subprocess
import tempfile

place = os.path.join(tempfile.mkdtemp(dir=os.environ.get("TMPDIR")), "forged.yaml")


def case(good, words, shown=""):
    print("ok -" if good else "not ok -", words)
    if not good:
        print("#", str(shown)[-400:].replace("\n", "\n# "))


def body_of(whole):
    """A report without its seal."""
    return whole[:whole.rindex(b"seal:")]


def seal(body):
    """A forger's seal: anybody can make one."""
    count, digest = body.count(b"\n"), hashlib.sha256(body).hexdigest()
    return body + b'seal: {lines: %d, sha256: "%s"}\n' % (count, digest.encode())


def verify(hsmferry, text, *words):
    """The exit code and the output for a file with this text, which comes after the other words."""
    with open(place, "wb") as file:
        file.write(text)
    done = subprocess.run([hsmferry, "verify", *words, place], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def forge(hsmferry, body, forgeries):
    """Each forgery: words, a pattern, its replacement, and what verify then objects to."""
    for words, pattern, instead, why in forgeries:
        forged, n = re.subn(pattern, instead, body, count=1)
        code, said = verify(hsmferry, seal(forged)) if n else (0, "there is nothing to change")
        case(code == 65 and re.search(why, said), f"{words}, under a new seal", f"{code}: {said}")
