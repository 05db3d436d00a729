/* SPDX-License-Identifier: Apache-2.0 */
#include "link/wire_evidence.h"

#include <string.h>

#include "link/wire.h"
#include "link/wire_field.h"

void wire_put_cipher(const struct evidence_cipher *parts, Pb__Cipher *msg)
{
    pb__cipher__init(msg);
    msg->challenge = field_lend_bytes(parts->challenge, sizeof parts->challenge);
    msg->iv = field_lend_bytes(parts->iv, sizeof parts->iv);
    msg->ciphertext = field_lend_bytes(parts->ciphertext, sizeof parts->ciphertext);
}

bool wire_get_cipher(const Pb__Cipher *msg, struct evidence_cipher *out, struct err *err)
{
    struct evidence_cipher parts;

    if (!msg)
        return err_set(err, ERR_DATA, "the evidence is missing");
    if (!field_length(&msg->challenge, sizeof parts.challenge, sizeof parts.challenge,
                      "evidence's challenge", err) ||
        !field_length(&msg->iv, sizeof parts.iv, sizeof parts.iv, "evidence's IV", err) ||
        !field_length(&msg->ciphertext, sizeof parts.ciphertext, sizeof parts.ciphertext,
                      "evidence's ciphertext", err))
        return false;
    memcpy(parts.challenge, msg->challenge.data, sizeof parts.challenge);
    memcpy(parts.iv, msg->iv.data, sizeof parts.iv);
    memcpy(parts.ciphertext, msg->ciphertext.data, sizeof parts.ciphertext);
    *out = parts;
    return true;
}

void wire_put_evidence(const struct evidence_subject *of, const struct evidence_cipher *parts,
                       bool unseal, Pb__Evidence *msg, Pb__Cipher *cipher)
{
    pb__evidence__init(msg);
    msg->proof = (uint32_t)of->proof;
    msg->key = of->key;
    msg->evidence_key = of->evidence_key;
    msg->migration = field_lend(of->migration);
    msg->number = of->number;
    msg->open = of->open;
    msg->cipher = cipher;
    if (unseal) {
        wire_put_cipher(parts, cipher);
        return;
    }
    pb__cipher__init(cipher);
    if (!of->open)
        cipher->challenge = field_lend_bytes(parts->challenge, sizeof parts->challenge);
}

/* What is given for sealing: a challenge, unless the agent draws it. */
static bool get_challenge(const Pb__Cipher *msg, bool open, struct evidence_cipher *out,
                          struct err *err)
{
    const size_t len = open ? 0 : sizeof out->challenge;

    if (!msg)
        return err_set(err, ERR_DATA, "the evidence is missing");
    if (!field_length(&msg->challenge, len, len, "evidence's challenge", err) ||
        !field_length(&msg->iv, 0, 0, "evidence's IV", err) ||
        !field_length(&msg->ciphertext, 0, 0, "evidence's ciphertext", err))
        return false;
    *out = (struct evidence_cipher){0};
    if (len)
        memcpy(out->challenge, msg->challenge.data, len);
    return true;
}

bool wire_get_evidence(const Pb__Evidence *msg, bool unseal, struct evidence_subject *out,
                       struct evidence_cipher *parts, struct err *err)
{
    struct evidence_subject of = {.key = msg->key,
                                  .evidence_key = msg->evidence_key,
                                  .number = msg->number,
                                  .open = msg->open};

    if (!wire_get_proof(msg->proof, &of.proof, err) || !wire_get_handle(msg->key, "handle", err) ||
        !wire_get_handle(msg->evidence_key, "evidence key's handle", err))
        return false;
    if (strlen(msg->migration) != EVIDENCE_MIGRATION ||
        strspn(msg->migration, "0123456789abcdef") != EVIDENCE_MIGRATION)
        return err_set(err, ERR_DATA, "the migration id is not %d hexadecimal digits",
                       EVIDENCE_MIGRATION);
    memcpy(of.migration, msg->migration, sizeof of.migration);
    if (!(unseal ? wire_get_cipher(msg->cipher, parts, err)
                 : get_challenge(msg->cipher, of.open, parts, err)))
        return false;
    *out = of;
    return true;
}
