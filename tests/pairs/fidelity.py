# SPDX-License-Identifier: Apache-2.0
"""Moves keys that are bound in each way that a key can be, and one of each kind, and holds what the
report says of it against the table below, and what PyKCS11 reads on both sides against that:
nothing may be looser than it was.

    fidelity.py FOLDER HSMFERRY PAIR...

PAIR is SOURCE:DESTINATION. Prints one line for each case."""

import json
import os
import sys

from matrix import name_of, run_ceremony
from sides import SIDES, Softoken
from pkcs11_hand import TEMPLATES

from outside import USES, case

DATES, NAME = "start=20260101:end=20301231", "subject=300d310b3009060355040613025553"
# Kind and how it is bound, the attribute that this is about, and what becomes of it on each pair: a
# verdict of the report, or why the key stays; untold: the destination does not tell it, and the
# proof vouches for it. A dot: the source does not take such a key.
PAIRS = ["softhsm:softhsm", "softhsm:nss", "softhsm:softoken", "nss:softhsm"]
TABLE = f"""
dates         aes32:{DATES}            start date           unread    unread    unread    undated
open-dates    aes32:-private:{DATES}   end date             undated   kept      kept      undated
rsa-dates     rsa2048:-private:{DATES} start date           undated   kept      kept      undated
mechanisms    aes32:allowed=1081,210a  mechanisms           kept      unlisted  unlisted  .
rsa-allowed   rsa2048:allowed=1,9,40   mechanisms           kept      unlisted  unlisted  .
subject       rsa2048:{NAME}           subject              kept      kept      kept      kept
ec-subject    ec256:{NAME}             subject              kept      kept      kept      kept
fixed         aes32:-modifiable        modifiable           kept      free      kept      kept
ec-fixed      ec256:-modifiable        modifiable           kept      free      kept      kept
no-copy       aes32:-copyable          copyable             dropped   dropped   dropped   .
no-destroy    aes32:-destroyable       destroyable          dropped   dropped   dropped   .
open          aes32:-private           private              tightened tightened tightened kept
ec-open       ec256:-private           private              tightened tightened tightened kept
clear         aes32:-sensitive         sensitive            tightened tightened tightened kept
trusted       aes32:+trusted           trusted              .         .         .         tightened
trusted-only  aes32:+wrap-with-trusted wrap-with-trusted    trusted   trusted   trusted   trusted
pin-each-time rsa2048:+always-authenticate always-authenticate pin    pin       pin       pin
stays         aes32:-extractable       extractable          stays     stays     stays     stays
wraps-all     aes32:+wrap              wrap                 kept      kept      kept      kept
wraps-some    aes32:+wrap:wraps=+sensitive wrap template    kept      lost      lost      more
unwraps-some  aes32:+unwrap:unwraps=aes,+sensitive,-wrap unwrap template kept lost lost   more
rsa-unwraps   rsa2048:+unwrap:unwraps=+sensitive unwrap template kept lost      lost      more
unwraps-only  rsa2048:-sign:-decrypt:+unwrap:unwraps=+sensitive unwrap template kept lost lost more
rsa-wraps     rsa2048:wraps=+sensitive sign                 kept      kept      kept      kept
wraps-one     aes32:+wrap:wraps=+sensitive,label wrap template more more        more      more
twin-1        aes32:id=ff              id                   kept      twin      twin      .
twin-2        generic20:id=ff          id                   kept      twin      twin      .
aes128        aes16                    size                 untold    kept      kept      untold
aes192        aes24                    size                 untold    kept      kept      untold
triple-des    des3:value=0123456789abcdeff1e0d3c2b5a49786fedcba9876543210 type kept kept kept kept
secret13      generic13                size                 untold    kept      kept      untold
secret48      generic48                size                 untold    kept      kept      untold
secret256     generic256               size                 untold    kept      kept      untold
hmac          hmac32                   type                 kept      type      kept      kept
rsa3072       rsa3072                  size                 kept      kept      kept      kept
rsa4096       rsa4096                  size                 kept      kept      kept      kept
p384          ec384                    type                 kept      kept      kept      kept
p521          ec521                    type                 kept      kept      kept      kept
ed25519       ed25519                  type                 unwrapped type      unused    .
"""
REASONS = {"unread": "the source cannot read this key's dates",
           "undated": "the destination keeps no dates of a key",
           "unlisted": "the destination keeps no list of allowed mechanisms",
           "free": "every key on the destination can be modified", "trusted": "trusted wrapping key",
           "pin": "its PIN at every use", "stays": "not extractable",
           "type": "the destination's API takes no key of this type",
           "unwrapped": "the HSM did not wrap the key",
           "unused": "the destination offers no operation for Edwards keys",
           "twin": "another chosen key has its id",
           "lost": "so this one would get lost", "more": "attributes that cannot be read or carried"}
PROOFS = {"aes": "aes-ecb", "des": "sha256-digest", "gen": "sha256-digest", "hma": "sha256-digest", "rsa": "rsa-signature",
          "ec2": "ecdsa-signature", "ec3": "ecdsa-signature", "ec5": "ecdsa-signature"}
# What may be otherwise than on the source besides what a row is about.
CHANGES = {("extractable", "tightened"), ("always-sensitive", "by nature"), ("local", "by nature"),
           ("never-extractable", "by nature"), ("private", "tightened")}
# With a policy that tightens nothing by itself: sensitive and extractable, as found.
LOOSE = "  sensitive: no\n  extractable: yes\n"
COMBINATIONS = {"aes-sx": ("aes32", "yes yes"), "aes-x": ("aes32:-sensitive", "no yes"),
                "aes-s": ("aes32:-extractable", None), "aes-none": ("aes32:-sensitive:-extractable",
                                                                    None),
                "ec-sx": ("ec256", "yes yes"), "ec-x": ("ec256:-sensitive", "no yes")}
ROWS = {}
for line in TABLE.strip().splitlines():
    words = line.split()
    ROWS[words[0]] = words[1], " ".join(words[2:-4]), dict(zip(PAIRS, words[-4:]))


def spec(number, label, kind):
    """The key as tokens.py is told of it."""
    kind, *options = kind.split(":")
    if not any(option.startswith("id=") for option in options):
        options.append(f"id={number:02x}")
    return ":".join([kind, label, *options])


def attributes(side, labels):
    """What PyKCS11 reads of these keys; also of an NSS database."""
    if isinstance(side, Softoken):
        side.hand = Softoken.hand.__get__(side)
    told = side.work([("attributes", label, "", "") for label in labels])
    return {label: json.loads(found) if found else None for label, found in zip(labels, told)}


def looser(was, now):
    """The attributes in which a key may do more than it might, or is guarded worse."""
    found = [use for use in USES if now[use] == "yes" and was[use] != "yes"]
    found += [guard for guard in ("private", "sensitive", "wrap-with-trusted",
                                  "always-authenticate")
              if was[guard] == "yes" and now[guard] != "yes"]
    found += [freedom for freedom in ("extractable", "modifiable")
              if was[freedom] == "no" and now[freedom] != "no"]
    if was["trusted"] != "yes" and now["trusted"] == "yes":
        found.append("trusted")
    if was["start date"] and not now["start date"] >= was["start date"]:
        found.append("start date")
    if was["end date"] and not "0" < now["end date"] <= was["end date"]:
        found.append("end date")
    if was["mechanisms"] and not (now["mechanisms"] and set(now["mechanisms"].split())
                                  <= set(was["mechanisms"].split())):
        found.append("mechanisms")
    found += [name for name in TEMPLATES if set(was[name].split()) - set(now[name].split())]
    return found


def check_stays(words, key, reason, there):
    """It is not on the destination, and the report says why."""
    case(key["outcome"] == "refused" and REASONS[reason] in key["reason"], f"{words} stays: {REASONS[reason]}", str(key))
    case(there is None, f"{words} is not on the destination", str(there))


def check_moved(words, kind, verdict, key, was, now):
    """Its row in the table, all others of the report, and what another program reads."""
    kind, name = kind
    proof = "rsa-unwrapping" if "-sign" in kind else PROOFS[kind[:3]]
    rows = {row["name"]: row for row in key["attributes"]}
    case(key["outcome"] == "migrated" and key["proof"] == proof, f"{words} arrived",
         str(key))
    case(rows[name].get("verdict", "untold") == verdict and
         ("by" in rows[name]) == (verdict == "dropped"), f"{words}: {name} is {verdict}",
         str(rows[name]))
    others = {(row["name"], row["verdict"]) for row in key["attributes"]
              if "verdict" in row and row["verdict"] != "kept"} - {(name, verdict)}
    case(others <= CHANGES, f"{words}: nothing else was changed", str(others))
    wrong = {name: (rows[name], now[name]) for name in rows if rows[name].get("found")
             and (now.get(name) or name in TEMPLATES)
             and sorted(rows[name]["found"].split()) != sorted(now[name].split())}
    case(not wrong, f"{words}: another program reads what the report tells", str(wrong))
    case(not looser(was, now), f"{words}: nothing is looser", str((looser(was, now), was, now)))


def check_demands(pair, verdict, report, destination):
    """What a public key demands of others is carried or refused as with other keys; and what was
    carried is kept to."""
    half = next(key for key in report["companions"] if name_of(key) == "rsa-wraps")
    row = next(row for row in half["attributes"] if row["name"] == "wrap template")
    case((half["outcome"], row.get("verdict")) == ("migrated", "kept") if verdict == "kept" else
         half["outcome"] == "refused" and REASONS[verdict] in half["reason"],
         f"{pair}: what a public key demands: {verdict}", str(half))
    if verdict == "kept":
        wraps = destination.work([("wraps", f"wraps-{what}", "", "") for what in ("some", "all")])
        case(wraps[0] == b"\1\0", f"{pair}: what a key demands of others, it demands there too",
             str(wraps))
        case(wraps[1] == b"\1\1", f"{pair}: control: a key that demands nothing takes both",
             str(wraps))


def check_pair(pair, source, folder, hsmferry):
    """All rows of the table over one pair."""
    rows = {label: (kind, name, by[pair]) for label, (kind, name, by) in ROWS.items()
            if by[pair] != "."}
    destination = SIDES[pair.split(":")[1]](f"{folder}/destination")
    code, report = run_ceremony(source, destination, False, folder, hsmferry)
    case(report and code == 0, f"{pair}: the review knew what would fail", f"with {code}")
    keys = {name_of(key): key for key in report["keys"]} if report else {}
    case(set(keys) == set(rows), f"{pair}: the report tells of every key",
         str(set(keys) ^ set(rows)))
    was, now = attributes(source, list(keys)), attributes(destination, list(keys))
    for label, (kind, name, verdict) in rows.items():
        if label not in keys:
            continue
        words = f"{pair}: {label}"
        if verdict in REASONS:
            check_stays(words, keys[label], verdict, now[label])
        else:
            check_moved(words, (kind, name), verdict, keys[label], was[label], now[label])
    check_demands(pair, rows["wraps-some"][2], report, destination)
    case(looser(now["aes128"], was["aes128"]) == ["extractable"],
         f"{pair}: control: the other way round it would be looser")
    case(report["by-nature"].startswith("always-sensitive, never-extractable and local"),
         f"{pair}: the report says once why some attributes cannot be the same")


def check_combinations(pair, folder, hsmferry):
    """Sensitive and extractable where the policy does not tighten."""
    source, destination = (SIDES[kind](f"{folder}/{side}") for kind, side in
                           zip(pair.split(":"), ("source", "destination")))
    source.fill([spec(number, label, kind)
                 for number, (label, (kind, _)) in enumerate(COMBINATIONS.items(), 1)])
    code, report = run_ceremony(source, destination, False, folder, hsmferry, LOOSE)
    case(code == 0 and report, f"{pair}: a policy that does not tighten", f"ends with {code}")
    keys = {name_of(key): key for key in report["keys"]} if report else {}
    was, now = (attributes(side, list(COMBINATIONS)) for side in (source, destination))
    for label, (_, expected) in COMBINATIONS.items():
        words = f"{pair}: {label}, as it was"
        if expected is None:
            check_stays(words, keys[label], "stays", now[label])
            continue
        if pair.endswith("nss"):  # what is in a database of NSS is sensitive
            expected = expected.replace("no yes", "yes yes")
        found = f"{now[label]['sensitive']} {now[label]['extractable']}"
        case(found == expected and not looser(was[label], now[label]), words, found)


def main(folder, hsmferry, *pairs):
    """Each source is made once; no ceremony changes it."""
    os.umask(0o077)
    sources = {}
    for pair in pairs:
        kind, place = pair.split(":")[0], f"{folder}/{pair.replace(':', '-')}"
        if kind not in sources:
            sources[kind] = SIDES[kind](f"{folder}/{kind}")
            sources[kind].fill([spec(number, label, what)
                                for number, (label, (what, _, by)) in enumerate(ROWS.items(), 1)
                                if by[pair] != "."])
        os.mkdir(place)
        check_pair(pair, sources[kind], place, hsmferry)
    for pair in ("softhsm:softhsm", "softhsm:nss"):
        place = f"{folder}/loose-{pair.replace(':', '-')}"
        os.mkdir(place)
        check_combinations(pair, place, hsmferry)


if __name__ == "__main__":
    main(*sys.argv[1:])
