# SPDX-License-Identifier: Apache-2.0
"""Compares two HSMs after a migration, and after changes that other programs made on both sides:
each state of the map, then a resync, which leaves nothing to do.

    compare.py FOLDER HSMFERRY PAIR...

PAIR is SOURCE:DESTINATION. Prints one line for each case, "ok - words" or "not ok - words"."""

import json
import os
import subprocess
import sys

from companions import Original, ceremony, write
from sides import HERE, SIDES

sys.path[:0] = [os.path.join(HERE, ".."), os.path.join(HERE, "..", "softhsm")]
from outside import case

SAME, OTHER = "11" * 32, "22" * 32  # values of AES keys


def put_pair(side, original, name, key_id, usage="sign"):
    """A private key with its certificate, as other programs store it."""
    if side.api == "nss":
        p12 = f"{original.folder}/{name}.p12"
        original.openssl("pkcs12", "-export", "-inkey", f"{original.folder}/{name}.key", "-in",
                         f"{original.folder}/{name}.pem", "-name", name, "-out", p12,
                         "-passout", "pass:transfer")
        side.run("pk12util", "-i", p12, "-d", side.database, "-k", f"{side.folder}/pin",
                 "-W", "transfer")
        return
    write(side, f"{original.folder}/{name}.key.der", "privkey", key_id, name, f"--usage-{usage}",
          "--sensitive", "--extractable")
    write(side, f"{original.folder}/{name}.pub.der", "pubkey", key_id, name)
    write(side, f"{original.folder}/{name}.der", "cert", key_id, name)


def drop_certificate(side, name):
    """Without its key."""
    if side.api == "nss":
        side.tool("certutil", "-D", "-n", name)
    else:
        side.run("pkcs11-tool", "--module", side.module, "--token-label", side.token, "--login",
                 "--pin", "env:PIN", "--delete-object", "--type", "cert", "--label", name)


def rename(side, label, new):
    """Gives the objects of a SoftHSM token another label."""
    side.python("../softhsm/tokens.py", "rename", side.module, side.token, label, new)


class Compared:
    """What hsmferry compare writes."""

    def __init__(self, hsmferry, file, *words):
        done = subprocess.run([hsmferry, "compare", "--json", *words, file], check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.code, self.text = done.returncode, done.stdout
        self.rows = json.loads(done.stdout)["objects"] if done.stdout else []
        form = subprocess.run([sys.executable, f"{HERE}/../json_check.py", "/dev/stdin"],
                              input=done.stdout, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False)
        case(done.returncode == 0 and form.returncode == 0, "it is of its form",
             form.stdout + done.stderr)

    def of(self, label, kind, side="source"):
        """The row of an object."""
        return next((row for row in self.rows if row.get(side, {}).get("label") == label and
                     row[side]["class"] == kind), {})

    def case(self, words, label, kind, state, by=None, side="source", **more):
        """The state of an object, and what shows it."""
        row = self.of(label, kind, side)
        case(row.get("state") == state and (by is None or row.get("by") == by) and
             all(row.get(name) == value for name, value in more.items()),
             f"{words}: {label}, {kind}: {state}" + (f", by {by}" if by else ""), json.dumps(row))

    def states(self):
        """How many rows have each state."""
        counts = {}
        for row in self.rows:
            counts[row["state"]] = counts.get(row["state"], 0) + 1
        return counts


def change(source, destination, original):
    """What happened on both sides meanwhile. The side that is SoftHSM gets another label."""
    source.fill(["rsa2048:new-rsa:id=21", "aes32:new-aes:id=22", "rsa2048:taken:id=23",
                 "aes16:stays:id=24:-extractable", f"aes32:known:id=25:value={SAME}",
                 f"aes32:other:id=26:value={SAME}"])
    destination.fill(["rsa2048:taken:id=23", f"aes32:known:id=25:value={SAME}",
                      f"aes32:other:id=26:value={OTHER}", "rsa2048:there:id=27"])
    put_pair(source, original, "stranger", "03", "sign")
    put_pair(destination, original, "stranger", "03", "decrypt")
    drop_certificate(destination, "signer-ec")
    renew(source, original, "signer-rsa", "01")
    if source.api == "nss":
        rename(destination, "moved-rsa", "renamed")
    else:
        rename(source, "moved-rsa", "renamed")


def check_changed(pair, compared, renamed):
    """The state of each, without and with a challenge."""
    compared.case(pair, "signer-rsa", "certificate", "name taken")
    compared.case(pair, "signer-rsa", "private", "incomplete", "public key",
                  missing=["certificate"])
    compared.case(pair, "signer-ec", "private", "incomplete", "public key", missing=["certificate"])
    compared.case(pair, "signer-ec", "certificate", "only on source")
    compared.case(pair, "new-rsa", "private", "only on source")
    compared.case(pair, "new-aes", "secret", "only on source")
    compared.case(pair, "there", "private", "only on destination", side="destination")
    compared.case(pair, "taken", "private", "name taken", "name")
    compared.case(pair, "stays", "secret", "cannot be migrated")
    row = compared.of("stays", "secret")
    case("not extractable" in row.get("reason", ""), f"{pair}: ... with the reason", json.dumps(row))
    compared.case(pair, *renamed, "private", "other name", "public key")
    row = compared.of("stranger", "private")  # NSS makes an id of its own
    case(row.get("state") == ("other attributes" if pair == "softhsm:softhsm" else "other name") and
         "extractable" in [a["name"] for a in row["attributes"]],
         f"{pair}: stranger, private: other attributes, which are named", json.dumps(row))


def check_secrets(pair, compared, asked):
    """A name is not enough, and an equal check value under the same name is, if both report one."""
    same = compared.of("known", "secret")
    case((same["state"], same["by"]) in (("same", "check value"), ("other attributes", "check value"),
                                         ("not known", "name")),
         f"{pair}: known: the same by its check value, or not known", json.dumps(same))
    compared.case(pair, "other", "secret", "not known")
    row = asked.of("known", "secret")
    case(row["state"] == "other attributes" and
         [a["name"] for a in row["attributes"]] == ["extractable"],
         f"{pair}: known: with a challenge it is the same, with other attributes", json.dumps(row))
    asked.case(f"{pair}: with a challenge", "other", "secret", "name taken", "challenge")
    case(not [row for row in asked.rows if row["state"] == "same" and row["by"] == "name"],
         f"{pair}: control: no name alone makes anything the same")


def resync(folder, hsmferry):
    """Exit code and log."""
    done = subprocess.run([hsmferry, "resync", f"{folder}/ceremony.yaml"], check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    reports = sorted(os.path.join(f"{folder}/reports", name)
                     for name in os.listdir(f"{folder}/reports") if name.endswith(".yaml"))
    verdict = subprocess.run([hsmferry, "verify", reports[-1], "--journal",
                              reports[-1].replace(".yaml", ".journal")], check=False,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    case(verdict.returncode == 0, f"{os.path.basename(folder)}: verify takes the resync's report",
         verdict.stdout)
    return done.returncode, done.stdout


def check_aligned(pair, after, file, hsmferry):
    """Copies that were looser are in line, and the certificate that changed is there, too."""
    for label, kind in (("known", "secret"), ("stranger", "private")):
        asked = Compared(hsmferry, file, "--challenge").of(label, kind)
        loose = [a["name"] for a in asked.get("attributes", []) if a["name"] == "extractable"]
        case(asked["state"] in ("same", "other name", "other attributes") and not loose,
             f"{pair}: {label}: its attributes are in line", json.dumps(asked))
    row = after.of("signer-rsa", "certificate")
    case(row.get("by") == "certificate octets", f"{pair}: the certificate that changed is there",
         json.dumps(row))
    after.case(f"{pair}: and with it", "signer-rsa", "private", after.of("signer-rsa", "private")
               ["state"], "public key", missing=None)


def check_resync(pair, folder, hsmferry, destination):
    """It brings what is missing, and the second one changes nothing."""
    file = f"{folder}/ceremony.yaml"
    before = destination.listed()
    code, text = resync(folder, hsmferry)
    new = destination.listed() - before
    case(code == 0 and new == {"new-rsa", "new-aes"}, f"{pair}: a resync brings what is missing",
         f"{code} {new}\n{text}")
    after = Compared(hsmferry, file)
    for label, kind in (("new-rsa", "private"), ("signer-ec", "certificate")):
        row = after.of(label, kind)
        case(row.get("state") in ("same", "other attributes", "other name"),
             f"{pair}: {label} is there now", json.dumps(row))
    after.case(pair, "taken", "private", "name taken", "name")
    check_aligned(pair, after, file, hsmferry)
    listed, states = destination.listed(), after.states()
    code, text = resync(folder, hsmferry)
    case(code == 0 and "nothing was changed" in text, f"{pair}: a second one says that it changed "
         "nothing", f"{code}\n{text}")
    case(destination.listed() == listed and Compared(hsmferry, file).states() == states,
         f"{pair}: and it did not", str(listed ^ destination.listed()))


def renew(side, original, name, key_id):
    """Another certificate of the same key, under the same name: the old one is gone."""
    original.openssl("req", "-x509", "-key", f"{original.folder}/{name}.key", "-subj",
                     f"/CN={name}/O=Example", "-days", "60", "-outform", "DER",
                     "-out", f"{original.folder}/{name}-renewed.der")
    drop_certificate(side, name)
    if side.api == "nss":
        side.tool("certutil", "-A", "-n", name, "-t", ",,", "-i",
                  f"{original.folder}/{name}-renewed.der")
    else:
        write(side, f"{original.folder}/{name}-renewed.der", "cert", key_id, name)


def with_policy(file, *lines):
    """The same ceremony file, with these lines of policy."""
    with open(file, encoding="utf-8") as old:
        text = old.read()
    with open(file, "w", encoding="utf-8") as new:
        new.write(text.replace("policy:\n", "policy:\n" + "".join(f"  {line}\n" for line in lines)))
    return text


def check_taken(pair, folder, hsmferry, destination):
    """A name that another key has there: the ceremony stops, or the key arrives under another one."""
    file = f"{folder}/ceremony.yaml"
    listed = destination.listed()
    before = Compared(hsmferry, file).of("taken", "private", "destination")
    text = with_policy(file, "taken-name: stop")
    code, log = resync(folder, hsmferry)
    case(code == 4 and "belongs to another key" in log and destination.listed() == listed,
         f"{pair}: taken-name: stop: nothing is begun", f"{code}\n{log}")
    with open(file, "w", encoding="utf-8") as back:
        back.write(text)
    with_policy(file, "taken-name: rename", 'renamed-to: "{label}-2"')
    code, log = resync(folder, hsmferry)
    new = destination.listed() - listed
    case(code == 0 and new == {"taken-2", "other-2"},
         f"{pair}: taken-name: rename: both arrive under the other label", f"{code} {new}\n{log}")
    after = Compared(hsmferry, file)
    row = after.of("taken", "private")
    case(row["state"] == "other name" and row["by"] == "public key" and
         row["destination"]["label"] == "taken-2", f"{pair}: ... the key that was sent",
         json.dumps(row))
    row = after.of("taken-2", "public", "destination")
    case(row.get("destination", {}).get("id") == after.of("taken", "private")["destination"]["id"],
         f"{pair}: ... its public key has the same id", json.dumps(row))
    case(after.of("taken", "private", "destination")["destination"] == before["destination"],
         f"{pair}: ... and the other key is as it was", json.dumps(before))
    code, log = resync(folder, hsmferry)
    case(code == 0 and "nothing was changed" in log and destination.listed() == listed | new,
         f"{pair}: a second one renames nothing", f"{code}\n{log}")


def check_versions(pair, folder, hsmferry, source, destination):
    """Of the versions of a key, the newest is migrated, by its number."""
    file = f"{folder}/ceremony.yaml"
    source.fill(["aes32:payments-2:id=32", "aes32:payments-10:id=33", "aes32:payments-9:id=31"])
    listed = destination.listed()
    text = with_policy(file, 'versions: {pattern: "payments-{n}", take: newest}')
    code, log = resync(folder, hsmferry)
    case(code == 0 and destination.listed() - listed == {"payments-10"} and
         "an older version" in log, f"{pair}: versions: the highest number alone", f"{code}\n{log}")
    code, log = resync(folder, hsmferry)
    case(code == 0 and "nothing was changed" in log, f"{pair}: versions: a second one brings none",
         f"{code}\n{log}")
    with open(file, "w", encoding="utf-8") as back:
        back.write(text)


def check_pair(pair, folder, hsmferry, original):
    """One pair."""
    kinds = pair.split(":")
    folder = f"{folder}/{pair.replace(':', '-')}"
    source = SIDES[kinds[0]](f"{folder}-source")
    destination = SIDES[kinds[1]](f"{folder}-destination")
    for name, key_id in (("signer-rsa", "01"), ("signer-ec", "02")):
        put_pair(source, original, name, key_id)
    source.fill(["rsa2048:moved-rsa:id=11", "aes32:moved-aes:id=12"])
    code, _, text = ceremony(folder, hsmferry, source, destination,
                             ["pkcs11:", "pkcs11:type=cert"])
    case(code == 0, f"{pair}: a first migration", text)
    fresh = Compared(hsmferry, f"{folder}/ceremony.yaml", "--challenge")
    case(set(fresh.states()) <= {"same", "other name", "other attributes"},
         f"{pair}: after it, nothing is missing and nothing unknown", fresh.text)
    fresh.case(pair, "moved-rsa", "private", "same", "public key")
    fresh.case(pair, "moved-aes", "secret", "same")
    change(source, destination, original)
    file = f"{folder}/ceremony.yaml"
    compared = Compared(hsmferry, file)
    check_changed(pair, compared, ["moved-rsa" if source.api == "nss" else "renamed"])
    check_secrets(pair, compared, Compared(hsmferry, file, "--challenge"))
    check_resync(pair, folder, hsmferry, destination)
    check_taken(pair, folder, hsmferry, destination)
    check_versions(pair, folder, hsmferry, source, destination)


def main(folder, hsmferry, *pairs):
    """Each pair has tokens of its own."""
    os.umask(0o077)
    original = Original(f"{folder}/original")
    for pair in pairs:
        check_pair(pair, folder, hsmferry, original)


if __name__ == "__main__":
    main(*sys.argv[1:])
