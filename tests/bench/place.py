# SPDX-License-Identifier: Apache-2.0
"""The bench's tokens, in memory, and the bare programs that work on them."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import time

PIN = "swordfish"
PAIRS = ("rsa", "ec")  # kinds that have a public object
TOOL_KEYS = 10  # for which pkcs11-tool is run


def softhsm():
    """The module."""
    paths = [pathlib.Path("/usr/lib/softhsm/libsofthsm2.so"),
             *pathlib.Path("/usr/lib").glob("*/softhsm/libsofthsm2.so")]
    return os.environ.get("SOFTHSM2_MODULE") or str(next((p for p in paths if p.exists()), paths[0]))


def checked(command, env=None):
    """Runs a program that must succeed: what it printed."""
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"bench: {' '.join(map(str, command))} ended with {done.returncode}:\n"
                         f"{done.stdout}{done.stderr}")
    return done.stdout


def fresh(folder):
    """The folder, empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def copied(source, target):
    """A token's folder as it was made. cp is several times faster than shutil."""
    checked(["cp", "-R", f"{source}/.", str(target)])


def seconds_a_key(printed, keys):
    """Of what a loop printed, which must have moved so many keys."""
    if int(printed[0]) != keys:
        raise SystemExit(f"bench: a loop moved {printed[0]} keys, not {keys}")
    return float(printed[1]) / keys


class Place:
    """A folder in memory. It is removed at the end."""

    def __init__(self, build):
        os.umask(0o077)
        memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
        self.folder = pathlib.Path(tempfile.mkdtemp(
            prefix="hsmferry-bench.", dir=os.environ.get("BENCH_FOLDER", memory)))
        self.build = build
        self.top = pathlib.Path(__file__).resolve().parents[2]
        self.module = softhsm()
        self.pin = self.folder / "pin"
        self.pin.write_text(PIN + "\n", encoding="ascii")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def env(self, tokens, **more):
        """The environment in which SoftHSM has the tokens of this folder."""
        conf = tokens.with_name(tokens.name + ".conf")
        conf.write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\n"
                        "log.level = ERROR\n", encoding="utf-8")
        return {**os.environ, "SOFTHSM2_CONF": str(conf), **more}

    def loops(self, tokens, *words, module=None, **more):
        """Runs tests/bench/loops: the words that it prints."""
        return checked([self.build / "tests/bench/loops", module or self.module, self.pin, *words],
                       self.env(tokens, **more)).split()

    def token(self, label, kind, keys):
        """A folder with one token: so many keys and the key "kek". It is made once."""
        tokens = self.folder / f"{label}-{kind}-{keys}"
        if not tokens.exists():
            tokens.mkdir()
            checked(["softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", PIN,
                     "--pin", PIN], self.env(tokens))
            self.loops(tokens, "kek", label)
            if keys:
                self.loops(tokens, "fill", label, kind, str(keys))
        return tokens

    def both(self, kind, keys, new_keys=0):
        """A folder with both tokens; the new one as it was made. What is copied is not timed."""
        tokens = self.folder / f"both-{kind}-{keys}"
        old = self.token("old", kind, keys)
        new = self.token("new", kind if new_keys else "none", new_keys)
        if not tokens.exists():
            copied(old, fresh(tokens))
        for each in tokens.iterdir():
            if each.name not in os.listdir(old):
                shutil.rmtree(each)
        copied(new, tokens)
        return tokens

    def forget(self, kind, keys):
        """Removes the tokens with so many keys, and half of them."""
        for number in (keys, keys // 2):
            for tokens in self.folder.glob(f"*-{kind}-{number}"):
                shutil.rmtree(tokens)

    def loop(self, name, kind, keys, **more):
        """Seconds for each key in a bare loop."""
        return seconds_a_key(self.loops(self.both(kind, keys), name, kind, **more), keys)

    def database(self):
        """An empty NSS database, as NSS names it."""
        folder = fresh(self.folder / "nss")
        checked(["certutil", "-N", "-d", f"sql:{folder}", "-f", self.pin])
        return f"sql:{folder}"

    def nss_loop(self, keys):
        """Seconds for each AES key from SoftHSM to an NSS database."""
        return seconds_a_key(self.loops(self.token("old", "aes", keys), "nss", "aes", self.database()), keys)

    def tool(self, kind, keys):
        """Seconds for each key with pkcs11-tool. As on the average of all keys, half of them are there."""
        old = self.token("old", kind, keys)
        new = fresh(self.folder / "tool")
        copied(self.token("new", kind, keys // 2), new)
        few = min(TOOL_KEYS, keys - keys // 2)
        confs = [self.env(tokens)["SOFTHSM2_CONF"] for tokens in (old, new)]
        begun = time.monotonic()
        checked(["sh", self.top / "tests/bench/tool.sh", self.module, PIN, kind, *confs,
                 self.folder / "blob", str(keys // 2), str(few)])
        return (time.monotonic() - begun) / few
