/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed/sealed_sound.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/text.h"
#include "hsm/evidence_form.h"
#include "sealed/sealed_fields.h"

static bool is_sum(const uint8_t sha256[SHA256_SIZE])
{
    uint8_t any = 0;

    for (unsigned i = 0; i < SHA256_SIZE; i++)
        any |= sha256[i];
    return any != 0;
}

/* --- the head --- */

typedef bool head_rule(const struct sealed_head *head);

static bool has_its_stage(const struct sealed_head *head)
{
    return sealed_is_possible(head->format, head->stage, head->order);
}

static bool has_migration(const struct sealed_head *head)
{
    return strspn(head->migration, "0123456789abcdef") == SEALED_ID_SIZE - 1;
}

static bool has_ceremony(const struct sealed_head *head)
{
    return is_sum(head->ceremony);
}

static bool has_offer(const struct sealed_head *head)
{
    bool offer = head->format == SEALED_OFFER;

    return is_sum(head->offer) != offer && is_sum(head->answers) != offer;
}

/* Only the first bundle answers the offer itself. */
static bool answers_its_file(const struct sealed_head *head)
{
    bool first = head->format == SEALED_BUNDLE && head->stage != SEALED_STAGE_KEYS;

    return head->format == SEALED_OFFER ||
           (memcmp(head->offer, head->answers, SHA256_SIZE) == 0) == first;
}

static bool has_devices(const struct sealed_head *head)
{
    return sealed_device_known(&head->device[SIDE_DESTINATION]) &&
           (head->format == SEALED_OFFER || sealed_device_known(&head->device[SIDE_SOURCE]));
}

static bool has_keys(const struct sealed_head *head)
{
    if (head->format == SEALED_OFFER)
        return head->keys == 0;
    return head->keys > 0 && head->keys <= SEALED_KEYS_MAX;
}

static bool has_times(const struct sealed_head *head)
{
    return head->written_ms < head->expires_ms;
}

static const struct {
    head_rule *keeps;
    const char *what;
} head_rules[] = {
    {has_its_stage, "no file has this format, stage and order together"},
    {has_migration, "its migration id is not 32 lower-case hexadecimal digits"},
    {has_ceremony, "it does not name its ceremony file"},
    {has_offer, "it does not name its offer and the file that it answers"},
    {answers_its_file, "it does not answer the file that it should"},
    {has_devices, "it does not name its devices"},
    {has_keys, "it has no keys, or too many"},
    {has_times, "it expires before it was written"},
};

/* --- the rest of a file --- */

static bool sound_offer(const struct sealed_offer *offer, struct err *err)
{
    bool named = offer->transport_count > 0;

    for (uint32_t i = 0; i < offer->transport_count; i++)
        named = named && offer->transports[i].name[0] && offer->transports[i].spki.len > 0;
    if (!named)
        return err_set(err, ERR_DATA, "the offer has no transport key");
    return offer->pair.label[0] || err_set(err, ERR_DATA, "the transport pair has no label");
}

static bool sound_wrapped(const struct sealed_wrapped *wrapped)
{
    return (wrapped->alg == SEALED_ALG_NONE) == (wrapped->wrapped.len == 0);
}

static bool sound_bundle(const struct sealed_bundle *bundle, struct err *err)
{
    if (!bundle->transport[0] || !is_sum(bundle->transport_sha256))
        return err_set(err, ERR_DATA, "the bundle does not name its transport key");
    if (!sound_wrapped(&bundle->kek) || !sound_wrapped(&bundle->evidence) ||
        (bundle->kek.alg != SEALED_ALG_NONE && !wrap_is_by_rsa(bundle->kek.alg)))
        return err_set(err, ERR_DATA, "its KEK or its evidence key is not wrapped as it says");
    return bundle->evidence.alg == SEALED_ALG_NONE || bundle->kek.alg != SEALED_ALG_NONE ||
           err_set(err, ERR_DATA, "it has an evidence key, but no KEK");
}

static bool sound_ack(const struct sealed_file *file, struct err *err)
{
    for (uint32_t i = 0; i < file->ack.trial_count; i++)
        if (file->ack.trials[i].state > CANARY_IMPOSSIBLE)
            return err_set(err, ERR_DATA, "a test key of the acknowledgement has no result");
    return file->ack.trial_count == file->head.keys ||
           err_set(err, ERR_DATA, "the acknowledgement has not as many results as it says");
}

bool sealed_sound(const struct sealed_file *file, struct err *err)
{
    const struct sealed_receipt *receipt = &file->receipt;

    for (size_t i = 0; i < sizeof head_rules / sizeof *head_rules; i++)
        if (!head_rules[i].keeps(&file->head))
            return err_set(err, ERR_DATA, "%s", head_rules[i].what);
    switch (file->head.format) {
    case SEALED_OFFER:
        return sound_offer(&file->offer, err);
    case SEALED_BUNDLE:
        return sound_bundle(&file->bundle, err);
    case SEALED_ACK:
        return sound_ack(file, err);
    default:
        return (receipt->pair == SEALED_PAIR_DESTROYED) == (receipt->reason[0] == '\0') ||
               err_set(err, ERR_DATA,
                       "the receipt must say why the transport pair was left, and "
                       "only then");
    }
}

/* --- evidence --- */

/* Either all of an encrypted answer, or nothing of it. */
static bool sound_ciphertext(const struct sealed_answer *answer)
{
    if (answer->iv.len == 0)
        return answer->ciphertext.len == 0;
    return answer->iv.len == SEALED_IV_SIZE && answer->ciphertext.len > SEALED_TAG_SIZE;
}

/* In a receipt: is this the answer to a challenge that was encrypted? Then the file has its SHA-256
 * in the place of the challenge, and nobody can guess a key by the answer. */
static bool answers_encrypted(const struct sealed_evidence *evidence)
{
    const struct bytes *answer = &evidence->answer.clear;
    uint8_t sha256[SHA256_SIZE];

    return evidence_seals(evidence->proof) && evidence->challenge.len == sizeof sha256 &&
           EVP_Digest(answer->data, answer->len, sha256, NULL, EVP_sha256(), NULL) == 1 &&
           memcmp(evidence->challenge.data, sha256, sizeof sha256) == 0;
}

/* desc: NULL: the key is not known here. */
static bool sound_evidence(const struct sealed_evidence *evidence, const struct key_desc *desc,
                           bool answered, struct err *err)
{
    const struct sealed_answer *answer = &evidence->answer;
    int answers = (answer->clear.len > 0) + (answer->ciphertext.len > 0);

    if (evidence->proof == HSM_PROOFS)
        return (evidence->challenge.len == 0 && answers == 0 && answer->iv.len == 0) ||
               err_set(err, ERR_DATA, "there is a challenge or an answer, but no proof");
    if (evidence->challenge.len == 0)
        return err_set(err, ERR_DATA, "a proof has no challenge");
    if (!sound_ciphertext(answer))
        return err_set(err, ERR_DATA, "an encrypted answer has not the right length");
    if (answered ? answers != 1 : answer->clear.len > 0)
        return err_set(err, ERR_DATA, "%s",
                       answered ? "a proof must have one answer"
                                : "an open challenge must have no answer");
    if (!answered && evidence_seals(evidence->proof) && answer->ciphertext.len == 0)
        return err_set(err, ERR_DATA, "the open challenge for %s is not encrypted",
                       hsm_proof_name(evidence->proof));
    return answer->clear.len == 0 || sealed_may_be_clear(desc, evidence->proof) ||
           (!desc && answers_encrypted(evidence)) ||
           err_set(err, ERR_DATA,
                   "the answer to %s is not encrypted, so that anybody could guess a weak key",
                   hsm_proof_name(evidence->proof));
}

/* --- keys --- */

static bool sound_number(struct sealed_place *place, bool test, uint32_t number, struct err *err)
{
    if (test && place->keys)
        return err_set(err, ERR_DATA, "a test key comes after a key");
    if (!test && !place->keys) {
        place->keys = true;
        place->number = 0;
    }
    if (number <= place->number)
        return err_set(err, ERR_DATA, "the numbers do not ascend");
    place->number = number;
    if (place->entries == SEALED_KEYS_MAX)
        return err_set(err, ERR_DATA, "there are more than %d entries", SEALED_KEYS_MAX);
    place->entries++;
    return true;
}

static bool sound_role(const struct sealed_file *file, const struct sealed_key *key,
                       struct err *err)
{
    bool test = key->role == SEALED_TEST_KEY;

    if (file->head.stage == SEALED_STAGE_CANARY ? !test : test && file->head.order == SEALED_STRICT)
        return err_set(err, ERR_DATA, "it has no place in a bundle of the stage %s",
                       sealed_stage_name(file->head.stage));
    return (key->role == SEALED_COMPANION) == (key->companion_of != 0) ||
           err_set(err, ERR_DATA, "a companion must name its key, and only a companion");
}

static bool sound_route(const struct sealed_file *file, const struct sealed_key *key,
                        struct err *err)
{
    bool none = key->alg == SEALED_ALG_NONE, empty = key->wrapped.len == 0, right = false;

    switch (key->route) {
    case ROUTE_ENVELOPE:
        right = !none && !empty && wrap_alg(key->alg)->family == WRAP_AES &&
                file->bundle.kek.alg != SEALED_ALG_NONE && key_is_movable_class(&key->desc);
        break;
    case ROUTE_DIRECT:
        right = !none && !empty && wrap_is_by_rsa(key->alg) && key_is_movable_class(&key->desc);
        break;
    case ROUTE_PUBLIC:
        right = none && empty && key->public_half.len > 0 && key_is_public_class(&key->desc);
        break;
    default:
        break;
    }
    return right || err_set(err, ERR_DATA, "it is not carried as it says");
}

/* The fingerprint is that of the public half. */
static bool sound_public(const struct sealed_key *key, struct err *err)
{
    uint8_t sha256[SHA256_SIZE];

    if (key->desc.has_public != is_sum(key->desc.spki_sha256))
        return err_set(err, ERR_DATA, "its public half has no fingerprint, or the reverse");
    if (key->desc.class != KEY_CLASS_PRIVATE || key->public_half.len == 0)
        return true;
    return (EVP_Digest(key->public_half.data, key->public_half.len, sha256, NULL, EVP_sha256(),
                       NULL) == 1 &&
            key->desc.has_public && memcmp(sha256, key->desc.spki_sha256, SHA256_SIZE) == 0) ||
           err_set(err, ERR_DATA, "its public half has another fingerprint");
}

static bool sound_proofs(const struct sealed_file *file, const struct sealed_key *key,
                         struct err *err)
{
    bool encrypted = key->open.answer.ciphertext.len > 0;

    for (uint32_t i = 0; i < key->proof_count; i++) {
        if (key->proofs[i].proof == HSM_PROOFS)
            return err_set(err, ERR_DATA, "a proof has no name");
        if (!sound_evidence(&key->proofs[i], &key->desc, true, err))
            return false;
        encrypted = encrypted || key->proofs[i].answer.ciphertext.len > 0;
    }
    return sound_evidence(&key->open, &key->desc, false, err) &&
           (!encrypted || file->bundle.evidence.alg != SEALED_ALG_NONE ||
            err_set(err, ERR_DATA, "an answer is encrypted, but there is no evidence key"));
}

bool sealed_sound_key(const struct sealed_file *file, const struct sealed_key *key,
                      struct sealed_place *place, struct err *err)
{
    struct err why;

    return (sound_number(place, key->role == SEALED_TEST_KEY, key->number, &why) &&
            sound_role(file, key, &why) && sound_route(file, key, &why) &&
            sound_public(key, &why) && sound_proofs(file, key, &why)) ||
           err_set(err, ERR_DATA, "%s %" PRIu32 ": %s",
                   key->role == SEALED_TEST_KEY ? "test key" : "key", key->number, why.what);
}

bool sealed_sound_result(const struct sealed_result *result, struct sealed_place *place,
                         struct err *err)
{
    struct err why;
    bool migrated = result->outcome == KEY_MIGRATED || result->outcome == KEY_UNPROVEN;

    if (!sound_number(place, false, result->number, &why) ||
        !sound_evidence(&result->open, NULL, true, &why))
        return err_set(err, ERR_DATA, "result %" PRIu32 ": %s", result->number, why.what);
    if (result->outcome == KEY_PENDING || migrated == (result->text[0] != '\0') ||
        (result->proof != HSM_PROOFS && result->outcome != KEY_MIGRATED))
        return err_set(err, ERR_DATA, "result %" PRIu32 ": its outcome is not explained",
                       result->number);
    return true;
}

bool sealed_sound_end(const struct sealed_file *file, const struct sealed_place *place,
                      struct err *err)
{
    return !sealed_list_name(file->head.format) || place->entries == file->head.keys ||
           err_set(err, ERR_DATA, "it says %" PRIu32 " keys, and has %" PRIu32, file->head.keys,
                   place->entries);
}
