/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/pkcs11/pkcs11_probe.h"

#include <string.h>

#include "hsm/counterpart.h"
#include "driver/pkcs11/pkcs11_key.h"
#include "driver/pkcs11/pkcs11_prove.h"
#include "driver/pkcs11/pkcs11_temp.h"

const char probe_label[] = "hsmferry:probe";

enum {
    ORDINARY = KEY_PRIVATE | KEY_SENSITIVE | KEY_EXTRACTABLE | KEY_MODIFIABLE | KEY_COPYABLE,
};

CK_RV probe_make(struct probe *b, enum key_kind kind, uint32_t length, uint32_t uses,
                 CK_OBJECT_HANDLE *handle)
{
    struct p11_wish wish = {
        .kind = kind, .length = length, .flags = uses | ORDINARY, .label = probe_label};

    return p11_generate(b->p, &wish, handle);
}

void probe_unmake(struct probe *b, CK_OBJECT_HANDLE handle)
{
    if (handle != CK_INVALID_HANDLE)
        p11_unmake(b->p, handle);
}

struct hsm_template probe_template(enum key_kind kind, uint32_t length, uint32_t uses)
{
    return (struct hsm_template){
        .class = KEY_CLASS_SECRET,
        .kind = kind,
        .length = length,
        .flags = uses | ORDINARY,
        .label = (const uint8_t *)probe_label,
        .label_len = strlen(probe_label),
    };
}

bool probe_gives(const struct probe *b)
{
    return b->wanted->role == HSM_GIVES;
}

bool probe_wants(const struct probe *b, enum hsm_proof proof)
{
    return (b->wanted->proofs & UINT32_C(1) << proof) != 0;
}

bool probe_has(const struct probe *b, enum key_kind kind)
{
    return (b->wanted->kinds & UINT32_C(1) << kind) != 0;
}

bool probe_can(const struct probe *b, enum hsm_proof proof)
{
    return (b->caps->proofs & UINT32_C(1) << proof) != 0;
}

/* The subject is compared with many keys: its answer is asked for once. */
static bool answer(struct probe *b, enum hsm_proof proof, CK_OBJECT_HANDLE key, struct bytes *out)
{
    const bool of_subject = key == b->subject && proof == HSM_PROOF_AES_ECB;

    if (of_subject && b->answer.len)
        return bytes_set(out, b->answer.data, b->answer.len, NULL);
    return p11_prove(&b->p->hsm, proof, key, &b->challenge, out, NULL) &&
           (!of_subject || bytes_set(&b->answer, out->data, out->len, NULL));
}

bool probe_answers(struct probe *b, enum hsm_proof proof, CK_OBJECT_HANDLE key)
{
    struct bytes out = {0};
    bool answered = answer(b, proof, key, &out);

    bytes_free(&out);
    return answered;
}

bool probe_same_answer(struct probe *b, enum hsm_proof proof, CK_OBJECT_HANDLE x,
                       CK_OBJECT_HANDLE y)
{
    struct bytes ax = {0}, ay = {0};
    bool same = answer(b, proof, x, &ax) && answer(b, proof, y, &ay) && bytes_equal(&ax, &ay);

    bytes_free(&ax);
    bytes_free(&ay);
    return same;
}

bool probe_same_key(struct probe *b, CK_OBJECT_HANDLE x, CK_OBJECT_HANDLE y)
{
    if (probe_can(b, HSM_PROOF_AES_ECB))
        return probe_same_answer(b, HSM_PROOF_AES_ECB, x, y);
    return !probe_can(b, HSM_PROOF_DIGEST) || probe_same_answer(b, HSM_PROOF_DIGEST, x, y);
}

bool probe_is_value(struct probe *b, CK_OBJECT_HANDLE key, const struct bytes *value)
{
    struct bytes theirs = {0}, ours = {0};
    bool same = !probe_can(b, HSM_PROOF_AES_ECB) ||
                (answer(b, HSM_PROOF_AES_ECB, key, &theirs) &&
                 counterpart_ecb(value, &b->challenge, &ours) && bytes_equal(&theirs, &ours));

    bytes_free(&theirs);
    bytes_free(&ours);
    return same;
}
