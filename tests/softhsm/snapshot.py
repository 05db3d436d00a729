# SPDX-License-Identifier: Apache-2.0
"""Prints a token's objects, one line for each with every attribute that the token tells, so that
two moments can be compared with cmp and comm.

    snapshot.py MODULE LABEL PIN-FILE"""

import sys

from PyKCS11 import CKA, CKF_SERIAL_SESSION, PyKCS11Error, PyKCS11Lib


def told(session, handle):
    """All attributes of an object, in hexadecimal. One that is empty is not one that is absent."""
    for name, number in sorted((str(k), v) for k, v in CKA.items() if isinstance(k, str)):
        try:
            value = session.getAttributeValue(handle, [number], allAsBinary=True)[0]
        except PyKCS11Error as error:
            yield f"{name}: {error}"
        else:
            if value is not None:
                yield f"{name}={bytes(value).hex()}"


def main(module, label, pin_file):
    """The order is that of the lines: handles differ from process to process."""
    lib = PyKCS11Lib()
    lib.load(module)
    slot = next(s for s in lib.getSlotList(tokenPresent=True)
                if lib.getTokenInfo(s).label.strip() == label)
    session = lib.openSession(slot, CKF_SERIAL_SESSION)
    with open(pin_file, encoding="ascii") as file:
        session.login(file.read().strip())
    print("\n".join(sorted(" ".join(told(session, o)) for o in session.findObjects([]))))


if __name__ == "__main__":
    main(*sys.argv[1:])
