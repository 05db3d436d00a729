# SPDX-License-Identifier: Apache-2.0
"""Moves private keys with their certificates from one HSM to another, and lets programs that are not
ours find the key by its certificate there and sign with it. What they signed must verify under the
certificate as it was before anything moved.

    companions.py FOLDER HSMFERRY PAIR...

PAIR is SOURCE:DESTINATION. Prints one line for each case, "ok - words" or "not ok - words"."""

import glob
import hashlib
import os
import re
import subprocess
import sys
import textwrap

from sides import HERE, SIDES

sys.path[:0] = [os.path.join(HERE, ".."), os.path.join(HERE, "..", "softhsm")]
import records
from outside import case

KEYS = {"signer-rsa": ["-newkey", "rsa:2048"],
        "signer-ec": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
        "stranger": ["-newkey", "rsa:2048"]}
SIGNERS = ("signer-rsa", "signer-ec")
IDS = {"signer-rsa": "01", "signer-ec": "02", "stranger": "03"}
TEXT = b"a message that somebody relies on\n"


class Original:
    """The keys and certificates as files, and all that OpenSSL tells of them."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder)
        for name, arguments in KEYS.items():
            self.openssl("req", "-x509", *arguments, "-nodes", "-keyout", f"{folder}/{name}.key",
                         "-subj", f"/CN={name}/O=Example", "-days", "30",
                         "-out", f"{folder}/{name}.pem")
            self.openssl("x509", "-in", f"{folder}/{name}.pem", "-outform", "DER",
                         "-out", f"{folder}/{name}.der")
            self.openssl("pkey", "-in", f"{folder}/{name}.key", "-outform", "DER",
                         "-out", f"{folder}/{name}.key.der")
            self.openssl("pkey", "-in", f"{folder}/{name}.key", "-pubout", "-outform", "DER",
                         "-out", f"{folder}/{name}.pub.der")
            self.openssl("x509", "-in", f"{folder}/{name}.pem", "-noout", "-pubkey",
                         "-out", f"{folder}/{name}.pub")

    @staticmethod
    def openssl(*words, **options):
        """What openssl prints."""
        return subprocess.run(["openssl", *words], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, **{"check": True} | options)

    def read(self, name):
        """One of the files."""
        with open(f"{self.folder}/{name}", "rb") as file:
            return file.read()

    def verifies(self, name, signature, text=TEXT):
        """Does a signature over the text verify under this certificate?"""
        with open(f"{self.folder}/signature", "wb") as file:
            file.write(signature)
        return bool(signature) and self.openssl(
            "dgst", "-sha256", "-verify", f"{self.folder}/{name}.pub",
            "-signature", f"{self.folder}/signature", input=text, check=False).returncode == 0

    def verifies_cms(self, name, message):
        """The same of a signed message as of RFC 5652; this certificate is all that is trusted."""
        done = self.openssl("cms", "-verify", "-inform", "DER", "-CAfile",
                            f"{self.folder}/{name}.pem", "-purpose", "any", "-no-CApath",
                            input=message, check=False)
        return done.returncode == 0 and done.stdout == TEXT


# --- the sources, filled by other programs ---

def write(side, path, kind, key_id, label, *more):
    """One object onto a PKCS#11 token."""
    side.run("pkcs11-tool", "--module", side.module, "--token-label", side.token, "--login",
             "--pin", "env:PIN", "--write-object", path, "--type", kind, "--id", key_id,
             "--label", label, *more, stderr=subprocess.DEVNULL)


def fill_pkcs11(side, original):
    """The RSA key has no public key object, the EC key needs one. A certificate bears the RSA key's
    id and is another key's; and there is an object of each kind by itself."""
    for name in SIGNERS:
        write(side, f"{original.folder}/{name}.key.der", "privkey", IDS[name], name,
              "--usage-sign", "--sensitive", "--extractable")
        write(side, f"{original.folder}/{name}.der", "cert", IDS[name], name)
    write(side, f"{original.folder}/signer-ec.pub.der", "pubkey", "02", "signer-ec")
    write(side, f"{original.folder}/stranger.der", "cert", "01", "stranger")
    write(side, f"{original.folder}/stranger.der", "cert", "09", "alone")
    write(side, f"{original.folder}/stranger.pub.der", "pubkey", "09", "alone")
    write(side, f"{original.folder}/stranger.der", "data", "0a", "some-data")


def fill_nss(side, original):
    """As users of NSS do: from a file with key and certificate."""
    for name in SIGNERS:
        p12 = f"{original.folder}/{name}.p12"
        original.openssl("pkcs12", "-export", "-inkey", f"{original.folder}/{name}.key", "-in",
                         f"{original.folder}/{name}.pem", "-name", name, "-out", p12,
                         "-passout", "pass:transfer")
        side.run("pk12util", "-i", p12, "-d", side.database, "-k", f"{side.folder}/pin",
                 "-W", "transfer")


# --- what became of them ---

def sign_pkcs11(side, name):
    """By OpenSSL through libp11, which starts from the certificate."""
    done = subprocess.run([sys.executable, os.path.join(HERE, "libp11_sign.py"), side.module, name],
                          input=TEXT, stdout=subprocess.PIPE, check=False,
                          env=os.environ | {"PIN": side.pin} |
                          dict(line.split("=", 1) for line in side.environment))
    return done.stdout


def sign_tool(side, name, key_id):
    """By pkcs11-tool; SoftHSM has ECDSA without a hash only."""
    rsa = name == "signer-rsa"
    how = ["SHA256-RSA-PKCS"] if rsa else ["ECDSA", "--signature-format", "openssl"]
    with open(f"{side.folder}/text", "wb") as file:
        file.write(TEXT if rsa else hashlib.sha256(TEXT).digest())
    side.run("pkcs11-tool", "--module", side.module, "--token-label", side.token, "--login",
             "--pin", "env:PIN", "--sign", "--id", key_id, "--mechanism", *how,
             "--input-file", f"{side.folder}/text", "--output-file", f"{side.folder}/signed",
             check=False, stderr=subprocess.DEVNULL)
    with open(f"{side.folder}/signed", "rb") as file:
        return file.read()


def read_pkcs11(side, kind, key_id, label=None):
    """An object's DER as pkcs11-tool reads it."""
    path = f"{side.folder}/{kind}-{key_id}-{label}"
    side.run("pkcs11-tool", "--module", side.module, "--token-label", side.token, "--login",
             "--pin", "env:PIN", "--read-object", "--type", kind, "--id", key_id,
             *(["--label", label] if label else []), "--output-file", path, check=False, stderr=subprocess.DEVNULL)
    if not os.path.exists(path):
        return None
    with open(path, "rb") as file:
        return file.read()


def same_key(mine, told):
    """Are two public keys in DER the same? Not each tool writes a SubjectPublicKeyInfo."""
    def text(der):
        done = subprocess.run(["openssl", "pkey", "-pubin", "-inform", "DER", "-noout", "-text"],
                              input=der, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              check=False)
        return done.stdout
    return told and text(mine) and text(mine) == text(told)


def check_pkcs11(words, side, original, ids):
    """Other programs on the PKCS#11 token."""
    for name in SIGNERS:
        case(read_pkcs11(side, "cert", ids[name], name) == original.read(f"{name}.der"),
             f"{words}: {name}: pkcs11-tool reads the very certificate")
        case(same_key(original.read(f"{name}.pub.der"), read_pkcs11(side, "pubkey", ids[name])),
             f"{words}: {name}: pkcs11-tool reads its public key")
        signature = sign_pkcs11(side, name)
        case(original.verifies(name, signature),
             f"{words}: {name}: OpenSSL finds the key by its certificate through libp11; what it "
             "signs verifies under the original certificate")
        case(original.verifies(name, sign_tool(side, name, ids[name])),
             f"{words}: {name}: what pkcs11-tool signs verifies too")
        case(not original.verifies("stranger", signature) and
             not original.verifies(name, signature, TEXT + b"."),
             f"{words}: {name}: control: not under another certificate, nor for another text")
    case(read_pkcs11(side, "cert", ids["signer-rsa"], "stranger") is None,
         f"{words}: the certificate of another key is not there")


def check_nss(words, side, original, _):
    """NSS's own tools on its database. Whom to trust is not a property of a certificate, and did not
    go along with it: that is said here."""
    listed = side.tool("certutil", "-L")
    case(all(re.search(rf"^{name} +u,u,u$", listed, re.M) for name in SIGNERS) and
         "stranger" not in listed, f"{words}: certutil -L lists them as certificates with keys",
         listed)
    keys = side.tool("certutil", "-K")
    case(all(re.search(rf"^<.*\b{name}$", keys, re.M) for name in SIGNERS),
         f"{words}: certutil -K tells the nicknames", keys)
    for name in SIGNERS:
        der = subprocess.run(["certutil", "-L", "-n", name, "-r", "-d", side.database],
                             stdout=subprocess.PIPE, check=False).stdout
        case(der == original.read(f"{name}.der"), f"{words}: {name}: certutil reads the very "
             "certificate")
        side.tool("certutil", "-M", "-n", name, "-t", "C,C,C")
        done = subprocess.run(["cmsutil", "-S", "-N", name, "-H", "SHA256", "-d", side.database,
                               "-f", f"{side.folder}/pin"], input=TEXT, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False)
        case(original.verifies_cms(name, done.stdout),
             f"{words}: {name}: cmsutil finds the key by its certificate; what it signs verifies "
             "under the original certificate", done.stderr.decode())
        case(not original.verifies_cms("stranger", done.stdout) and
             not original.verifies_cms(name, done.stdout.replace(b"message", b"massage")),
             f"{words}: {name}: control: not under another certificate, nor for another text")


def ceremony(folder, hsmferry, source, destination, keys):
    """Its exit code, report and log."""
    os.makedirs(folder)
    with open(f"{folder}/ceremony.yaml", "w", encoding="utf-8") as file:
        file.write("title: Companions\nrehearsal: yes\n")
        file.write(source.lines("source") + destination.lines("destination"))
        file.write(f"keys: {keys}\nreport-folder: reports\npolicy:\n  gates: []\n")
    with open(f"{folder}/log", "w+", encoding="utf-8") as log:
        code = subprocess.run([hsmferry, "--plain", f"{folder}/ceremony.yaml"], check=False,
                              stdin=subprocess.DEVNULL, stdout=log, stderr=log).returncode
        log.seek(0)
        text = log.read()
    reports = glob.glob(f"{folder}/reports/*.yaml")
    if len(reports) != 1:
        print(textwrap.indent(text, "# "))
        return code, None, text
    verdict = subprocess.run([hsmferry, "verify", reports[0], "--journal",
                              reports[0].replace(".yaml", ".journal")], check=False,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    case(verdict.returncode == 0, f"{os.path.basename(folder)}: hsmferry verify takes the report",
         verdict.stdout)
    return code, records.load(reports[0]), text


def check_alone(folder, hsmferry, source, original):
    """Public objects chosen by themselves: nothing is encrypted, and no transport key made."""
    destination = SIDES["softhsm"](f"{folder}/alone-destination")
    code, report, _ = ceremony(f"{folder}/alone", hsmferry, source, destination,
                               ["pkcs11:object=alone;type=cert", "pkcs11:object=alone;type=public"])
    case(code == 0 and report and [key["outcome"] for key in report["keys"]] == ["migrated"] * 2,
         "alone: a certificate and a public key go by themselves", str(code))
    if not report:
        return
    names = {step["name"] for step in report["steps"]}
    case("make-pair" not in names and "wrap-key" not in names and not report["companions"],
         "alone: without a transport key", str(names))
    case(read_pkcs11(destination, "cert", "09", "alone") == original.read("stranger.der") and
         same_key(original.read("stranger.pub.der"), read_pkcs11(destination, "pubkey", "09", "alone")),
         "alone: and are the same there")
    code, report, _ = ceremony(f"{folder}/again", hsmferry, source, destination,
                               ["pkcs11:object=alone;type=cert"])
    case(code == 4, "alone: not a second time", str(code))
    code, report, text = ceremony(f"{folder}/data", hsmferry, source, destination,
                                  ["pkcs11:object=some-data;type=data"])
    case(code == 65 and "a data object" in text, "a data object is refused with its reason",
         f"{code}: {text}")


def check_pair(pair, source, original, folder, hsmferry):
    """One pair."""
    kind = pair.split(":")[1]
    destination = SIDES[kind](f"{folder}/{pair.replace(':', '-')}-destination")
    code, report, text = ceremony(f"{folder}/{pair.replace(':', '-')}", hsmferry, source,
                                  destination, ["pkcs11:object=signer-*"])
    case(code == 0 and report, f"{pair}: the ceremony is complete", text)
    if not report:
        return
    along = {(key["label"], key["class"]): key for key in report["companions"]}
    went = {name for name, key in along.items() if key["outcome"] == "migrated"}
    ids = {key["label"]: key["id"] for key in report["keys"]}
    case({name for name in SIGNERS if (name, "certificate") in went} == set(SIGNERS) and
         {key["id"] for key in along.values() if key["class"] == "certificate"} == set(ids.values()),
         f"{pair}: each key went with its certificate, and the ids are kept", str(along))
    case([key["outcome"] for key in report["companions"] if key["class"] == "public"] ==
         ["migrated"] * 2, f"{pair}: and with its public key", str(along))
    stranger = along.get(("stranger", "certificate"))
    if source.api == "pkcs11":
        case(stranger and stranger["outcome"] == "refused" and
             "not the private key's" in stranger["reason"] and
             report["summary"]["companions-refused"] == 1,
             f"{pair}: the certificate of another key is refused with the reason", str(stranger))
    (check_nss if kind == "nss" else check_pkcs11)(pair, destination, original, ids)


def main(folder, hsmferry, *pairs):
    """Each source is made once; no ceremony changes it."""
    os.umask(0o077)
    original, sources = Original(f"{folder}/original"), {}
    for pair in pairs:
        kind = pair.split(":")[0]
        if kind not in sources:
            sources[kind] = SIDES[kind](f"{folder}/{kind}/source")
            (fill_nss if kind == "nss" else fill_pkcs11)(sources[kind], original)
        check_pair(pair, sources[kind], original, folder, hsmferry)
    if "softhsm" in sources:
        check_alone(folder, hsmferry, sources["softhsm"], original)


if __name__ == "__main__":
    main(*sys.argv[1:])
