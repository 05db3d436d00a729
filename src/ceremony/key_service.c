/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/key_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "base/text.h"

enum { SERIAL_OCTETS = 8 };

struct key_service {
    struct hsm hsm;
    const struct sealing *sealing;
};

static const struct sealing *sealing_of(const struct hsm *hsm)
{
    return ((const struct key_service *)hsm)->sealing;
}

static void service_close(struct hsm *hsm)
{
    free(hsm);
}

static bool service_info(struct hsm *hsm, struct hsm_info *info, struct err *err)
{
    const struct service *service = sealing_of(hsm)->service;

    (void)err;
    *info = (struct hsm_info){.loading = "none: the key leaves as a file",
                              .confinement = "none needed: nothing runs here"};
    text_print(info->about.api, sizeof info->about.api, "%s", service->name);
    text_print(info->about.library, sizeof info->about.library, "%s", service->title);
    return true;
}

static bool service_slots(struct hsm *hsm, struct hsm_slot_list *list, struct err *err)
{
    const struct sealing *sealing = sealing_of(hsm);
    uint8_t sha256[SHA256_DIGEST_LENGTH];
    struct hsm_slot *slot = calloc(1, sizeof *slot);

    if (!slot)
        return err_set(err, ERR_FAILED, "no memory for the wrapping key");
    SHA256(sealing->spki.data, sealing->spki.len, sha256);
    slot->flags = HSM_SLOT_TOKEN_PRESENT | HSM_TOKEN_INITIALIZED;
    text_print(slot->label, sizeof slot->label, "%s", sealing->service->title);
    text_print(slot->model, sizeof slot->model, "wrapping key");
    text_hex(sha256, SERIAL_OCTETS, slot->serial);
    *list = (struct hsm_slot_list){slot, 1};
    return true;
}

static bool service_login(struct hsm *hsm, uint64_t slot, const struct secret *pin, struct err *err)
{
    (void)hsm, (void)slot, (void)pin, (void)err;
    return true;
}

static bool service_list(struct hsm *hsm, struct key_list *list, struct err *err)
{
    (void)hsm, (void)err;
    *list = (struct key_list){0};
    return true;
}

static bool does_unwrap(const struct service *service, enum hsm_alg alg)
{
    if (wrap_alg(alg)->family == WRAP_RSA_OAEP)
        return service->hashes & UINT32_C(1) << alg;
    return alg == HSM_AES_KWP && service->blob; /* the relay joins the two */
}

static bool service_capabilities(struct hsm *hsm, const struct hsm_wanted *wanted,
                                 struct hsm_capabilities *caps, struct err *err)
{
    const struct service *service = sealing_of(hsm)->service;

    (void)wanted;
    (void)err;
    *caps = (struct hsm_capabilities){.limits = service->limits};
    for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++) {
        struct hsm_capability *how = &caps->alg[alg];
        how->unwrap = does_unwrap(service, alg);
        if (how->unwrap)
            text_print(how->unwrap_call, sizeof how->unwrap_call, "import by %s", service->title);
        text_print(how->reason, sizeof how->reason, "%s %s it: from its documents", service->title,
                   how->unwrap ? "takes" : "does not take");
    }
    return true;
}

static const struct hsm_driver driver = {
    .name = "key-service",
    .close = service_close,
    .info = service_info,
    .slots = service_slots,
    .login = service_login,
    .list = service_list,
    .capabilities = service_capabilities,
};

bool key_service_open(const struct sealing *sealing, struct hsm **out, struct err *err)
{
    struct key_service *service = calloc(1, sizeof *service);

    if (!service)
        return err_set(err, ERR_FAILED, "no memory for a key service");
    *service = (struct key_service){{&driver}, sealing};
    *out = &service->hsm;
    return true;
}
