/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed/sealed.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "protocol/name.h"

/* The formats: who writes them. */
static const struct {
    const char *name, *words;
    enum side writer;
} formats[SEALED_FORMATS] = {
    [SEALED_OFFER] = {"hsmferry-offer/1", "the offer", SIDE_DESTINATION},
    [SEALED_BUNDLE] = {"hsmferry-bundle/1", "the bundle", SIDE_SOURCE},
    [SEALED_ACK] = {"hsmferry-ack/1", "the acknowledgement", SIDE_DESTINATION},
    [SEALED_RECEIPT] = {"hsmferry-receipt/1", "the receipt", SIDE_DESTINATION},
};

/* The files of a migration, in the order in which they are written. */
static const struct {
    enum sealed_format format;
    enum sealed_stage stage;
    uint32_t orders; /* bit (1 << enum sealed_order) */
} files[] = {
    {SEALED_OFFER, SEALED_STAGE_OFFER, 1 << SEALED_STRICT | 1 << SEALED_ONE_BUNDLE},
    {SEALED_BUNDLE, SEALED_STAGE_CANARY, 1 << SEALED_STRICT},
    {SEALED_ACK, SEALED_STAGE_CANARY, 1 << SEALED_STRICT},
    {SEALED_BUNDLE, SEALED_STAGE_KEYS, 1 << SEALED_STRICT},
    {SEALED_RECEIPT, SEALED_STAGE_KEYS, 1 << SEALED_STRICT},
    {SEALED_BUNDLE, SEALED_STAGE_ALL, 1 << SEALED_ONE_BUNDLE},
    {SEALED_RECEIPT, SEALED_STAGE_ALL, 1 << SEALED_ONE_BUNDLE},
};

const char *sealed_format_name(enum sealed_format format)
{
    return (unsigned)format < SEALED_FORMATS ? formats[format].name : "?";
}

const char *sealed_format_words(enum sealed_format format)
{
    return (unsigned)format < SEALED_FORMATS ? formats[format].words : "?";
}

enum side sealed_writes(enum sealed_format format)
{
    return formats[format].writer;
}

const char *sealed_stage_name(enum sealed_stage stage)
{
    static const char *const names[SEALED_STAGES] = {"offer", "canary", "keys", "all"};

    return name_of(names, SEALED_STAGES, stage);
}

const char *sealed_order_name(enum sealed_order order)
{
    static const char *const names[SEALED_ORDERS] = {"strict", "one-bundle"};

    return name_of(names, SEALED_ORDERS, order);
}

const char *sealed_role_name(enum sealed_role role)
{
    static const char *const names[SEALED_ROLES] = {"key", "companion", "test-key"};

    return name_of(names, SEALED_ROLES, role);
}

const char *sealed_pair_name(enum sealed_pair state)
{
    static const char *const names[SEALED_PAIR_STATES] = {"destroyed", "left"};

    return name_of(names, SEALED_PAIR_STATES, state);
}

bool sealed_is_possible(enum sealed_format format, enum sealed_stage stage, enum sealed_order order)
{
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (files[i].format == format && files[i].stage == stage)
            return (unsigned)order < SEALED_ORDERS && files[i].orders & 1U << order;
    return false;
}

struct sealed_device sealed_device_of(const struct hsm_slot *slot)
{
    struct sealed_device device = {0};

    memcpy(device.manufacturer, slot->manufacturer, sizeof device.manufacturer);
    memcpy(device.model, slot->model, sizeof device.model);
    memcpy(device.serial, slot->serial, sizeof device.serial);
    memcpy(device.label, slot->label, sizeof device.label);
    return device;
}

bool sealed_device_known(const struct sealed_device *device)
{
    return device->manufacturer[0] || device->model[0] || device->serial[0] || device->label[0];
}

bool sealed_device_equal(const struct sealed_device *a, const struct sealed_device *b)
{
    return strcmp(a->manufacturer, b->manufacturer) == 0 && strcmp(a->model, b->model) == 0 &&
           strcmp(a->serial, b->serial) == 0 && strcmp(a->label, b->label) == 0;
}

static const char *parameter(const struct sealed_transport *transport, const char *name)
{
    for (uint32_t i = 0; i < transport->parameter_count; i++)
        if (strcmp(transport->parameters[i].name, name) == 0)
            return transport->parameters[i].value;
    return "";
}

const char *sealed_transport_name(enum hsm_alg alg)
{
    return wrap_alg(alg)->family == WRAP_RSA_AES ? SEALED_RSA_AES : SEALED_RSA_OAEP;
}

/* Reads the parameters of an RSA key; exactly these two, in this order. */
static bool is_rsa(const struct sealed_transport *transport, enum hsm_alg *alg, uint32_t *bits)
{
    const char *number = parameter(transport, "bits");
    char *end;

    if (transport->parameter_count != 2 || number[0] < '1' || number[0] > '9')
        return false;
    *bits = (uint32_t)strtoul(number, &end, 10);
    for (*alg = 0; *alg < HSM_ALGS; ++*alg)
        if (wrap_is_by_rsa(*alg) && strcmp(sealed_transport_name(*alg), transport->name) == 0 &&
            strcmp(wrap_alg(*alg)->hash, parameter(transport, "hash")) == 0)
            return *end == '\0' && end - number < 6;
    return false;
}

bool sealed_choose_transport(const struct sealed_offer *offer,
                             const struct sealed_transport **chosen, enum hsm_alg *alg,
                             uint32_t *bits, struct err *err)
{
    char names[160] = "";
    size_t at = 0;

    for (uint32_t i = 0; i < offer->transport_count; i++) {
        *chosen = &offer->transports[i];
        if (is_rsa(*chosen, alg, bits))
            return true;
        at += text_print(names + at, sizeof names - at, "%s%s", at ? ", " : "", (*chosen)->name);
    }
    err_set(err, ERR_UNSUPPORTED, "the offer has no transport that this program knows: %s",
            at ? names : "it names none");
    err_now(err, "Nothing was wrapped.");
    return err_next(err, "Make the offer with the same version of hsmferry as this one.");
}

bool sealed_add_rsa(struct sealed_offer *offer, const struct bytes *spki, enum hsm_alg alg,
                    uint32_t bits, struct err *err)
{
    struct sealed_transport *transport = &offer->transports[offer->transport_count];

    if (offer->transport_count == SEALED_TRANSPORTS_MAX)
        return err_set(err, ERR_FAILED, "the offer has no room for another transport");
    *transport = (struct sealed_transport){.parameter_count = 2};
    text_print(transport->name, sizeof transport->name, "%s", sealed_transport_name(alg));
    text_print(transport->parameters[0].name, sizeof transport->parameters[0].name, "hash");
    text_print(transport->parameters[0].value, sizeof transport->parameters[0].value, "%s",
               wrap_alg(alg)->hash);
    text_print(transport->parameters[1].name, sizeof transport->parameters[1].name, "bits");
    text_print(transport->parameters[1].value, sizeof transport->parameters[1].value, "%" PRIu32,
               bits);
    if (!bytes_set(&transport->spki, spki->data, spki->len, err))
        return false;
    offer->transport_count++;
    return true;
}

bool sealed_may_be_clear(const struct key_desc *key, enum hsm_proof proof)
{
    bool aes = proof == HSM_PROOF_AES_ECB || proof == HSM_PROOF_AES_DECRYPT;

    if (proof == HSM_PROOF_DIGEST || proof == HSM_PROOF_HMAC || proof == HSM_PROOF_KCV_ECB ||
        proof == HSM_PROOF_KCV_CMAC)
        return false;
    if (!key || key_is_public_class(key))
        return true;
    if (key->class == KEY_CLASS_SECRET)
        return key->kind == KEY_KIND_AES && aes;
    return key->class == KEY_CLASS_PRIVATE && !aes;
}

static void free_evidence(struct sealed_evidence *evidence)
{
    bytes_free(&evidence->challenge);
    bytes_free(&evidence->answer.clear);
    bytes_free(&evidence->answer.iv);
    bytes_free(&evidence->answer.ciphertext);
}

void sealed_key_free(struct sealed_key *key)
{
    bytes_free(&key->public_half);
    bytes_free(&key->wrapped);
    for (unsigned i = 0; i < SEALED_PROOFS_MAX; i++)
        free_evidence(&key->proofs[i]);
    free_evidence(&key->open);
    memset(key, 0, sizeof *key);
}

void sealed_result_free(struct sealed_result *result)
{
    free_evidence(&result->open);
    memset(result, 0, sizeof *result);
}

void sealed_file_free(struct sealed_file *file)
{
    if (file->head.format == SEALED_OFFER)
        for (unsigned i = 0; i < SEALED_TRANSPORTS_MAX; i++)
            bytes_free(&file->offer.transports[i].spki);
    if (file->head.format == SEALED_BUNDLE) {
        bytes_free(&file->bundle.kek.wrapped);
        bytes_free(&file->bundle.evidence.wrapped);
    }
    memset(file, 0, sizeof *file);
}
