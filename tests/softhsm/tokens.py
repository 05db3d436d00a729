# SPDX-License-Identifier: Apache-2.0
"""Makes SoftHSM tokens for tests, with PyKCS11 and no code of ours.

    tokens.py make MODULE TOKEN [OBJECT]...   a new token with this label and user PIN "swordfish"
    tokens.py put  MODULE TOKEN OBJECT...     more objects
    tokens.py rename MODULE TOKEN LABEL NEW   gives objects another label
    tokens.py set MODULE TOKEN LABEL FLAGS    sets attributes of objects: +FLAG,-FLAG
    tokens.py drop MODULE TOKEN LABEL         destroys objects

SOFTHSM2_CONF says where the tokens are. OBJECT is TYPE:LABEL[:OPTION]..., where TYPE is aesN,
des3, genericN, hmacN (bytes), rsaN (bits), ec256, ec384, ec521, ed25519 or data; %HH in LABEL is
any byte; OPTION is id=HEX, value=HEX (secrets), and of the secret or private half +FLAG, -FLAG,
start=DATE, end=DATE, allowed=HEX,HEX (mechanisms), subject=HEX or unwraps=DEMAND,DEMAND; of the
secret or public half wraps=DEMAND,DEMAND, where DEMAND is +FLAG, -FLAG, aes or label."""

import os
import re
import struct
import sys
from urllib.parse import unquote_to_bytes

import PyKCS11 as p11

PIN, SO_PIN = "swordfish", "admiral"
CURVES = {"ec256": "06082a8648ce3d030107", "ec384": "06052b81040022",
          "ec521": "06052b81040023", "ed25519": "06032b6570"}
FLAGS = {
    "encrypt": p11.CKA_ENCRYPT, "decrypt": p11.CKA_DECRYPT, "sign": p11.CKA_SIGN,
    "verify": p11.CKA_VERIFY, "wrap": p11.CKA_WRAP, "unwrap": p11.CKA_UNWRAP,
    "derive": p11.CKA_DERIVE,
    "sensitive": p11.CKA_SENSITIVE, "extractable": p11.CKA_EXTRACTABLE,
    "wrap-with-trusted": p11.CKA_WRAP_WITH_TRUSTED,
}
# Said only where they are asked for: not every token knows them.
RARE = {
    "modifiable": p11.CKA_MODIFIABLE, "copyable": p11.CKA_COPYABLE,
    "destroyable": p11.CKA_DESTROYABLE, "trusted": p11.CKA_TRUSTED,
    "always-authenticate": p11.CKA_ALWAYS_AUTHENTICATE,
}
ON = {
    "aes": {"encrypt", "decrypt"}, "des": {"encrypt", "decrypt"}, "generic": {"sign", "verify"},
    "hmac": {"sign", "verify"}, "rsa": {"sign", "decrypt"}, "ec": {"sign"}, "ed": {"sign"},
}
SECRETS = {"aes": p11.CKK_AES, "des": p11.CKK_DES3, "generic": p11.CKK_GENERIC_SECRET,
           "hmac": p11.CKK_SHA256_HMAC}
PUBLIC_USES = {"encrypt", "verify", "wrap"}

TEMPLATES = {"wraps": p11.CKA_WRAP_TEMPLATE, "unwraps": p11.CKA_UNWRAP_TEMPLATE}
DEMANDS = {"aes": [(p11.CKA_CLASS, p11.CKO_SECRET_KEY), (p11.CKA_KEY_TYPE, p11.CKK_AES)],
           "label": [(p11.CKA_LABEL, b"this one")]}

# A label is bytes, not text; and PyKCS11 does not know all flags.
p11.Session.isString = lambda self, attribute: False
is_known_flag = p11.Session.isBool
p11.Session.isBool = lambda self, attribute: attribute in RARE.values() or is_known_flag(
    self, attribute)


def enter(module, label):
    """A session of the user on the token."""
    lib = p11.PyKCS11Lib()
    lib.load(module)
    slot = next(s for s in lib.getSlotList(tokenPresent=True)
                if lib.getTokenInfo(s).label.strip() == label)
    session = lib.openSession(slot, p11.CKF_SERIAL_SESSION | p11.CKF_RW_SESSION)
    session.login(PIN)
    return session


def make_token(module, label):
    """SoftHSM always has one slot with a blank token: the last one."""
    lib = p11.PyKCS11Lib()
    lib.load(module)
    slot = lib.getSlotList(tokenPresent=True)[-1]
    lib.initToken(slot, SO_PIN, label.ljust(32))
    session = lib.openSession(slot, p11.CKF_SERIAL_SESSION | p11.CKF_RW_SESSION)
    session.login(SO_PIN, p11.CKU_SO)
    session.initPin(PIN)
    session.logout()
    session.closeSession()
    lib.lib.C_Finalize()


def demands(words):
    """What a key demands of others, as a template."""
    return sum((DEMANDS.get(word) or
                [(FLAGS[word[1:]], p11.CK_TRUE if word[0] == "+" else p11.CK_FALSE)]
                for word in words.split(",")), [])


class Spec:
    """An object to be made, as it was written."""

    def __init__(self, text):
        kind, label, *options = text.split(":")
        self.kind, size = re.fullmatch(r"(ed(?=25519)|[a-z]+)(\d*)", kind).groups()
        self.size = int(size or 0)
        self.curve = CURVES.get(kind)
        self.name = [(p11.CKA_LABEL, unquote_to_bytes(label)), (p11.CKA_TOKEN, p11.CK_TRUE)]
        self.value = None
        self.on = ON.get(self.kind, set()) | {"sensitive", "extractable", "private"}
        self.rare, self.terms, self.public_terms = {}, [], []
        for option in options:
            self.take(option)

    def take(self, option):
        """One option."""
        if option.startswith("id="):
            self.name.append((p11.CKA_ID, bytes.fromhex(option[3:])))
        elif option.startswith("value="):
            self.value = bytes.fromhex(option[6:])
        elif option.startswith(("start=", "end=")):
            self.terms.append((p11.CKA_START_DATE if option[0] == "s" else p11.CKA_END_DATE,
                               option.split("=")[1].encode()))
        elif option.startswith("allowed="):
            numbers = [int(word, 16) for word in option[8:].split(",")]
            self.terms.append((p11.CKA_ALLOWED_MECHANISMS,
                               struct.pack(f"@{len(numbers)}L", *numbers)))
        elif option.startswith(tuple(TEMPLATES)):
            name, words = option.split("=")
            public = name == "wraps" and self.kind not in SECRETS
            (self.public_terms if public else self.terms).append(
                (TEMPLATES[name], demands(words)))
        elif option.startswith("subject="):
            self.terms.append((p11.CKA_SUBJECT, bytes.fromhex(option[8:])))
        elif option[1:] in RARE:
            self.rare[option[1:]] = p11.CK_TRUE if option[0] == "+" else p11.CK_FALSE
        elif option[0] == "+":
            self.on |= {option[1:]}
        else:
            self.on -= {option[1:]}

    def template(self, without=frozenset()):
        """The attributes of the secret or private half, in full; but opencryptoki knows no
        wrap-with-trusted, which is off where it is not said."""
        without = without | ({"wrap-with-trusted"} - self.on)
        flags = [(number, p11.CK_TRUE if flag in self.on else p11.CK_FALSE)
                 for flag, number in FLAGS.items() if flag not in without]
        private = p11.CK_TRUE if "private" in self.on else p11.CK_FALSE
        rare = [(RARE[flag], value) for flag, value in self.rare.items()]
        return self.name + flags + rare + self.terms + [(p11.CKA_PRIVATE, private)]


def put_secret(session, spec):
    """A secret, of its own value or a random one."""
    value = spec.value or os.urandom(24 if spec.kind == "des" else spec.size)
    session.createObject(spec.template() + [
        (p11.CKA_CLASS, p11.CKO_SECRET_KEY),
        (p11.CKA_KEY_TYPE, SECRETS[spec.kind]),
        (p11.CKA_VALUE, value)])


def put_pair(session, spec):
    """A pair, made on the token."""
    if spec.kind == "rsa":
        how = p11.CKM_RSA_PKCS_KEY_PAIR_GEN
        public = [(p11.CKA_MODULUS_BITS, spec.size), (p11.CKA_PUBLIC_EXPONENT, b"\1\0\1")]
    else:
        how = p11.CKM_EC_KEY_PAIR_GEN if spec.kind == "ec" else p11.CKM_EC_EDWARDS_KEY_PAIR_GEN
        public = [(p11.CKA_EC_PARAMS, bytes.fromhex(spec.curve))]
    public += spec.name + [(p11.CKA_PRIVATE, p11.CK_FALSE), (p11.CKA_VERIFY, p11.CK_TRUE)]
    public += spec.public_terms
    session.generateKeyPair(public, spec.template(PUBLIC_USES), p11.Mechanism(how))


def put_data(session, spec):
    """A data object."""
    session.createObject(spec.name + [(p11.CKA_CLASS, p11.CKO_DATA), (p11.CKA_VALUE, b"data")])


PUT = {kind: put_secret for kind in SECRETS} | {"rsa": put_pair, "ec": put_pair, "ed": put_pair,
                                                "data": put_data}


def put(session, texts):
    """All these objects."""
    for text in texts:
        spec = Spec(text)
        PUT[spec.kind](session, spec)


def named(session, label):
    """The objects with this label."""
    return session.findObjects([(p11.CKA_LABEL, unquote_to_bytes(label))])


def main(command, module, token, *rest):
    """One command."""
    if command == "make":
        make_token(module, token)
    session = enter(module, token)
    if command in ("make", "put"):
        put(session, rest)
    elif command == "rename":
        for handle in named(session, rest[0]):
            session.setAttributeValue(handle, [(p11.CKA_LABEL, unquote_to_bytes(rest[1]))])
    elif command == "set":
        for handle in named(session, rest[0]):
            session.setAttributeValue(handle, demands(rest[1]))
    elif command == "drop":
        for handle in named(session, rest[0]):
            session.destroyObject(handle)
    else:
        sys.exit(f"tokens.py: no command {command}")


if __name__ == "__main__":
    main(*sys.argv[1:])
