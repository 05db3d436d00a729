# SPDX-License-Identifier: Apache-2.0
"""The HSMs of the pair matrix: how a fresh one is made, what the ceremony file says of it, and what
tools that are not ours tell of its keys."""

import glob
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PIN = "swordfish"  # as in tests/softhsm/tokens.py


def find(*places):
    """The first of these files that there is."""
    return next(iter(sum((glob.glob(place) for place in places), [])), None)


class Side:
    """One HSM, in a folder of its own, with one token."""

    api, token, pin, parameters, environment = "pkcs11", "token", PIN, "", []

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder)
        with open(f"{folder}/pin", "w", encoding="ascii") as file:
            print(self.pin, file=file)
        self.module = self.find_module()
        self.make()

    def run(self, *command, **options):
        """What a program prints that sees this token."""
        environment = os.environ | dict(line.split("=", 1) for line in self.environment)
        return subprocess.run(command, env=environment | {"PIN": self.pin}, text=True,
                              stdout=subprocess.PIPE, **{"check": True} | options).stdout

    def python(self, script, *words, **options):
        """The same for one of the scripts here."""
        return self.run(sys.executable, os.path.join(HERE, script), *words, **options)

    def fill(self, objects):
        """Makes these keys on it."""
        self.python("fill.py", self.pin, self.module, self.token, self.parameters, *objects)

    def lines(self, side):
        """What the ceremony file says of it."""
        token = self.token.replace(" ", "%20")
        where = {"api": self.api, "module": self.where(),
                 "token": f"pkcs11:token={token}?pin-source=file:{self.folder}/pin"}
        if self.parameters and self.api == "pkcs11":
            where["parameters"] = self.parameters
        if self.environment:
            where["environment"] = self.environment
        return f"{side}: {json.dumps(where)}\n"

    def where(self):
        """Its module in the ceremony file."""
        return self.module

    def work(self, jobs):
        """Lets hand.py do these jobs; what it has to say of failures goes to the log."""
        words = self.hand()
        with open(f"{self.folder}/hand.log", "a", encoding="utf-8") as log:
            answers = json.loads(self.python("hand.py", *words, input=json.dumps(jobs), stderr=log))
        return [bytes.fromhex(text) if text is not None else None for text in answers]

    def hand(self):
        """What hand.py wants to know."""
        return "pkcs11", self.pin, self.module, self.token, self.parameters

    def listed(self):
        """The labels of its secret and private keys, as another program lists them."""
        text = self.run("pkcs11-tool", "--module", self.module, "--token-label", self.token,
                        "--login", "--pin", "env:PIN", "--list-objects", stderr=subprocess.DEVNULL)
        return set(re.findall(r"^(?:Secret|Private) Key Object.*\n  label: +(\S+)", text, re.M))


class Softhsm(Side):
    """SoftHSM, through PKCS#11."""

    @staticmethod
    def find_module():
        return find("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/*/softhsm/libsofthsm2.so")

    def make(self):
        os.mkdir(f"{self.folder}/tokens")
        with open(f"{self.folder}/softhsm2.conf", "w", encoding="utf-8") as file:
            print(f"directories.tokendir = {self.folder}/tokens\nlog.level = ERROR", file=file)
        self.environment = [f"SOFTHSM2_CONF={self.folder}/softhsm2.conf"]
        self.python("../softhsm/tokens.py", "make", self.module, self.token)


class Softoken(Side):
    """A database of NSS, through its PKCS#11 module."""

    token = "NSS Certificate DB"

    @staticmethod
    def find_module():
        return find("/usr/lib/*/libsoftokn3.so", "/usr/lib/*/nss/libsoftokn3.so",
                    "/usr/lib64/libsoftokn3.so")

    def make(self):
        self.database = "sql:" + self.folder
        self.parameters = f"configdir='{self.database}' certPrefix='' keyPrefix='' secmod='' flags="
        self.tool("certutil", "-N")

    def tool(self, name, *words):
        """What a tool of NSS's prints; one that lists nothing fails."""
        return self.run(name, *words, "-d", self.database, "-f", f"{self.folder}/pin", check=False,
                        stderr=subprocess.DEVNULL)

    def listed(self):
        private = re.findall(r"^< *\d+> +\S+ +\S+ +(\S+)", self.tool("certutil", "-K"), re.M)
        secret = re.findall(r"^(\S+) +\d+ +\d+ +\S+ ", self.tool("symkeyutil", "-L"), re.M)
        return set(private + secret)


class Nss(Softoken):
    """The same, through NSS's own API."""

    api = "nss"

    def where(self):
        return self.database

    def hand(self):
        return "nss", self.pin, self.folder


class Opencryptoki(Side):
    """The soft token of opencryptoki, within tests/opencryptoki/start.sh: there are two, one for
    each side."""

    pin = "87651234"

    @staticmethod
    def find_module():
        return find("/usr/lib/*/pkcs11/libopencryptoki.so", "/usr/lib64/pkcs11/libopencryptoki.so")

    def make(self):
        self.token = "old" if os.path.basename(self.folder) == "source" else "new"
        slot = "0" if self.token == "old" else "1"
        self.run("sh", os.path.join(HERE, "../opencryptoki/fresh.sh"), slot)


SIDES = {"softhsm": Softhsm, "nss": Nss, "softoken": Softoken,
         "opencryptoki": Opencryptoki}
