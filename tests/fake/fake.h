/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A test double: an HSM in memory that meets the whole contract of hsm.h with real cryptography
 * (OpenSSL), and can be told to fail, be slow, lie, forget, die, hang or print at any call. It
 * keeps its keys in clear. It is linked into tests and hsmferry-agent-fake, never installed.
 *
 * where.module   a file that holds its token objects from one process to the next (made when it is
 *                not there); "": they are kept in memory only.
 * where.params   words "name=value" separated by ';':
 *
 *   pin=1234             the user PIN
 *   tries=10             wrong PINs until it is locked (counted in the file)
 *   label=fake           the token's label, serial=... its serial number (default 1)
 *   flags=A,B            more flags of the slot, by hsm_slot_flag_name(): write-protected, ...
 *   twin=yes             a second token with the same label and another serial number
 *   keys=SPEC,SPEC       keys that a new token holds, each TYPE:LABEL and any of :+FLAG :-FLAG
 *                        :id=HEX :value=HEX (secrets). TYPE: aes16 aes24 aes32 generic13 (any
 *                        length) rsa2048 (any bits) ec256 ec384 ec521 cert. FLAG: key_flag_name().
 *                        "rsa2048:root:+public" adds the public key as an object of its own,
 *                        "+certificate" a certificate of it.
 *                        In LABEL, %HH is any byte.
 *   bulk=N               and N AES keys more, "bulk-00001" ...
 *   offers=A,B           the algorithms it speaks, by hsm_alg_name(); default: those of RSA with
 * two calls, and the envelopes proofs=A,B           the proofs it can answer, by hsm_proof_name();
 * default: all exact=no             its AES_KWP pads secrets with zeros to a multiple of 8, as
 * SoftHSM's does; lies: and says that it does not quick=yes            make_pair() gives the same
 * 2048-bit pair for as long as the process lives, make_key() another one, for RSA keys; keys= makes
 * the RSA key of a label only once loose=yes            it wraps every key under every key,
 * whatever guards and uses say, and fills up with zeros what RFC 3394 does not carry
 *   silent=FLAG,FLAG     it does not report these of its temporary keys
 *   unreadable=FLAG,FLAG its offers say that it reports these of no key
 *   seed=TEXT            all that it makes and answers is the same in every run (seed.h)
 *   spki=FILE            make_pair() tells this for the public half
 *   means=A:B            it says that it speaks algorithm A, and does B; may be given again
 *   kdf=NAME             it has this KDF alone, by hsm_kdf_name(); default: all
 *   gcm=no               it has no AES-GCM, so that no evidence is sealed
 *   takes=no             it pays no heed to hsm_template.length
 *
 * Faults: KIND=CALL:N[:ARG], where CALL is a function of the contract, and N says at which call of
 * it (1: the first; 0: at every one). Several may be given.
 *
 *   fail=wrap:1:0x30     the call fails with this number (default 0x30) and changes nothing;
 *                        0x32 (device removed) is ERR_GONE
 *   slow=unwrap:1:500    it takes 500 ms
 *   forget=commit:1      it says yes and does nothing
 *   lie=prove:1:flip     it does something else; what, is below
 *   die=wrap:1:11        the process is killed by this signal (default 11) before the call is made,
 *   late=commit:1:11     or after the call was made and before it is answered
 *   hang=wrap:1          the call never ends
 *   print=wrap:1:TEXT    it prints TEXT and an end of line on standard output and error
 *
 * Lies: wrap, public_key, make_pair and prove answer: "flip" (a bit of the output), "short" (an
 * octet less), "long" (an octet more), "other" (of another key; wrap, public_key and make_pair).
 * load_public "other" loads another key. unwrap and commit: "other" (another value of the same
 * kind), "guards" (not sensitive, extractable), "readable" (not sensitive), "use" (one more),
 * "pad" and "cut" (a secret of another length, which it does not tell), "label" (another label),
 * "twice" (makes two). prove "replay": what it answered the first time.
 * Whatever makes an object: "known" (makes none, and answers with the handle of the first one that
 * is stored), pairs also "public" (so for the public half). describe: "guards" (says the opposite),
 * "label", "kind". make_agreement: "flip" and "other" (of the public half that it reports),
 * "guards" (it may also sign). agree: "guards" (extractable), "use" (one more), "other". handles,
 * list: "less" (not the last one), "more" (handles: one that is not there), "none" (handles: no
 * object at all). make_kek, make_evidence: "guards" (it may also decrypt). encrypt: "flip".
 */
#ifndef HSMFERRY_TESTS_FAKE_FAKE_H
#define HSMFERRY_TESTS_FAKE_FAKE_H

#include "hsm/hsm.h"

extern const struct hsm_driver fake_driver;

enum { FAKE_SLOT = 1, FAKE_SLOT_EMPTY = 2, FAKE_SLOT_BLANK = 3, FAKE_SLOT_TWIN = 4 };

#endif
