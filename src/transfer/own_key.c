/* SPDX-License-Identifier: Apache-2.0 */
#include "transfer/own_key.h"

/* Private and secret keys that were generated inside the HSM. */
enum { MADE_INSIDE = KEY_PRIVATE | KEY_SENSITIVE | KEY_LOCAL | KEY_ALWAYS_SENSITIVE };

const struct own_key own_transport_private = {
    .what = "transport private key",
    .class = KEY_CLASS_PRIVATE,
    .uses = KEY_UNWRAP,
    .set = MADE_INSIDE | KEY_NEVER_EXTRACTABLE,
    .unset = KEY_EXTRACTABLE | KEY_TOKEN,
};
const struct own_key own_transport_public = {
    .what = "transport public key",
    .class = KEY_CLASS_PUBLIC,
    .uses = KEY_WRAP,
    .unset = KEY_TOKEN,
};
/* It waits on the token for the bundle. */
const struct own_key own_offered_private = {
    .what = "transport private key",
    .class = KEY_CLASS_PRIVATE,
    .uses = KEY_UNWRAP,
    .set = MADE_INSIDE | KEY_NEVER_EXTRACTABLE | KEY_TOKEN,
    .unset = KEY_EXTRACTABLE,
};
/* It leaves the source once, so it is extractable. */
const struct own_key own_source_kek = {
    .what = "AES transport key",
    .class = KEY_CLASS_SECRET,
    .uses = KEY_WRAP,
    .set = MADE_INSIDE,
    .unset = KEY_TOKEN,
};
const struct own_key own_destination_kek = {
    .what = "unwrapped AES key",
    .class = KEY_CLASS_SECRET,
    .uses = KEY_UNWRAP,
    .set = KEY_PRIVATE | KEY_SENSITIVE,
    .unset = KEY_EXTRACTABLE | KEY_TOKEN,
};
const struct own_key own_second_source_kek = {
    .what = "second AES key",
    .class = KEY_CLASS_SECRET,
    .uses = KEY_WRAP,
    .set = MADE_INSIDE,
    .unset = KEY_TOKEN,
};
const struct own_key own_second_destination_kek = {
    .what = "second AES key",
    .class = KEY_CLASS_SECRET,
    .uses = KEY_WRAP,
    .set = KEY_PRIVATE | KEY_SENSITIVE,
    .unset = KEY_EXTRACTABLE | KEY_TOKEN,
};
const struct own_key own_source_evidence = {
    .what = "evidence key",
    .class = KEY_CLASS_SECRET,
    .uses = KEY_ENCRYPT,
    .set = MADE_INSIDE,
    .unset = KEY_TOKEN,
};
const struct own_key own_destination_evidence = {
    .what = "evidence key",
    .class = KEY_CLASS_SECRET,
    .uses = KEY_DECRYPT,
    .set = KEY_PRIVATE | KEY_SENSITIVE,
    .unset = KEY_EXTRACTABLE | KEY_TOKEN,
};

/* The base of a derived key, whose origin vouches for it: CKA_LOCAL of a derived key is false. */
const struct own_key own_agreed_private = {
    .what = "private key to agree with",
    .class = KEY_CLASS_PRIVATE,
    .uses = KEY_DERIVE,
    .set = MADE_INSIDE | KEY_NEVER_EXTRACTABLE,
    .unset = KEY_EXTRACTABLE | KEY_TOKEN,
};
const struct own_key own_agreed_wrapping = {
    .what = "derived key",
    .class = KEY_CLASS_SECRET,
    .uses = KEY_WRAP,
    .set = KEY_PRIVATE | KEY_SENSITIVE,
    .unset = KEY_EXTRACTABLE | KEY_TOKEN,
};
const struct own_key own_agreed_unwrapping = {
    .what = "derived key",
    .class = KEY_CLASS_SECRET,
    .uses = KEY_UNWRAP,
    .set = KEY_PRIVATE | KEY_SENSITIVE,
    .unset = KEY_EXTRACTABLE | KEY_TOKEN,
};

/* The outer layer. */
const struct own_key own_agreed_encrypting = {
    .what = "key of the outer layer",
    .class = KEY_CLASS_SECRET,
    .uses = KEY_ENCRYPT,
    .set = KEY_PRIVATE | KEY_SENSITIVE,
    .unset = KEY_EXTRACTABLE | KEY_TOKEN,
};
const struct own_key own_agreed_decrypting = {
    .what = "key of the outer layer",
    .class = KEY_CLASS_SECRET,
    .uses = KEY_DECRYPT,
    .set = KEY_PRIVATE | KEY_SENSITIVE,
    .unset = KEY_EXTRACTABLE | KEY_TOKEN,
};
/* An API of before PKCS#11 3.2 has no name for its use, so that it need not be reported. */
const struct own_key own_kem_private = {
    .what = "private key to decapsulate with",
    .class = KEY_CLASS_PRIVATE,
    .uses = KEY_DECAPSULATE,
    .set = MADE_INSIDE | KEY_NEVER_EXTRACTABLE,
    .unset = KEY_EXTRACTABLE | KEY_TOKEN,
};
/* What was encapsulated, if the key is derived from that. */
const struct own_key own_kem_secret = {
    .what = "encapsulated secret",
    .class = KEY_CLASS_SECRET,
    .uses = KEY_DERIVE,
    .set = KEY_PRIVATE | KEY_SENSITIVE,
    .unset = KEY_EXTRACTABLE | KEY_TOKEN,
};

/* The uses that a key of this class can have (PKCS#11 v2.40 4.8 to 4.10). */
static uint32_t uses_of(enum key_class class)
{
    switch (class) {
    case KEY_CLASS_PRIVATE:
        return KEY_DECRYPT | KEY_SIGN | KEY_SIGN_RECOVER | KEY_UNWRAP | KEY_DERIVE;
    case KEY_CLASS_PUBLIC:
        return KEY_ENCRYPT | KEY_VERIFY | KEY_VERIFY_RECOVER | KEY_WRAP | KEY_DERIVE;
    default:
        return KEY_ENCRYPT | KEY_DECRYPT | KEY_SIGN | KEY_VERIFY | KEY_WRAP | KEY_UNWRAP |
               KEY_DERIVE;
    }
}

static bool not_reported(const struct own_key *want, uint32_t flag, struct err *err)
{
    err_set(err, ERR_DATA, "the HSM does not report whether \"%s\" is set on the %s",
            key_flag_name(flag), want->what);
    return err_next(err, "If it never reports this, say so in its dialect: not-readable in "
                         "hsmferry-dialect(5).");
}

bool own_key_judge(const struct own_key *want, const struct key_desc *is, uint32_t unreadable,
                   uint32_t *unread, struct err *err)
{
    const uint32_t unset = want->unset | (uses_of(want->class) & ~want->uses);

    if (is->class != want->class)
        return err_set(err, ERR_DATA, "the %s is not a %s key", want->what,
                       key_class_name(want->class));
    if (is->flags & is->flags_known & KEY_USES & ~want->uses)
        return err_set(err, ERR_DATA, "the %s has more uses than it was generated for", want->what);
    *unread = 0;
    for (uint32_t flag = 1; flag < 1U << KEY_FLAGS; flag <<= 1) {
        if (!(flag & (want->set | unset)))
            continue;
        if (key_is(is, flag) == !(want->set & flag) && (is->flags_known & flag))
            return err_set(err, ERR_DATA, "the %s is %s%s, which was not requested", want->what,
                           want->set & flag ? "not " : "", key_flag_name(flag));
        if (is->flags_known & flag)
            continue;
        if (!(unreadable & flag))
            return not_reported(want, flag, err);
        *unread |= flag;
    }
    return true;
}

bool own_key_check(struct hsm *hsm, uint64_t handle, const struct own_key *want,
                   uint32_t unreadable, uint32_t *unread, struct err *err)
{
    struct key_desc is;

    return hsm->driver->describe(hsm, handle, &is, err) &&
           own_key_judge(want, &is, unreadable, unread, err);
}
