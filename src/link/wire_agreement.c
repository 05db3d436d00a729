/* SPDX-License-Identifier: Apache-2.0 */
#include "link/wire_agreement.h"

#include "link/wire.h"
#include "link/wire_field.h"

void wire_put_meeting(const struct hsm_meeting *with, Pb__Meeting *msg)
{
    pb__meeting__init(msg);
    msg->alg = (uint32_t)with->alg;
    msg->source = with->source;
    msg->private_handle = with->private_handle;
    msg->public_handle = with->public_handle;
    msg->migration = field_lend(with->migration);
    msg->kem_private = with->kem_private;
    msg->kem_public = with->kem_public;
    msg->peer = field_lend_bytes(with->peer->data, with->peer->len);
    if (with->sent)
        msg->sent = field_lend_bytes(with->sent->data, with->sent->len);
}

bool wire_get_meeting(const Pb__Meeting *msg, struct hsm_meeting *out, struct bytes *peer,
                      struct bytes *sent, struct err *err)
{
    struct hsm_meeting with = {.source = msg->source,
                               .private_handle = msg->private_handle,
                               .public_handle = msg->public_handle,
                               .kem_private = msg->kem_private,
                               .kem_public = msg->kem_public,
                               .migration = msg->migration,
                               .peer = peer,
                               .sent = msg->sent.len ? sent : NULL};

    if (!wire_get_alg(msg->alg, &with.alg, err) ||
        !wire_get_handle(msg->private_handle, "private key's handle", err) ||
        !wire_get_label(msg->migration, err) ||
        !field_length(&msg->peer, 1, HSM_BLOB_MAX, "public key", err) ||
        !field_length(&msg->sent, 0, HSM_BLOB_MAX, "answer", err))
        return false;
    *peer = (struct bytes){msg->peer.data, msg->peer.len};
    *sent = (struct bytes){msg->sent.data, msg->sent.len};
    *out = with;
    return true;
}

void wire_put_encapsulation(const struct hsm_encapsulation *with, Pb__Encapsulation *msg)
{
    pb__encapsulation__init(msg);
    msg->alg = (uint32_t)with->alg;
    msg->kdf = (uint32_t)with->kdf;
    msg->peer = field_lend_bytes(with->peer->data, with->peer->len);
    msg->label = field_lend(with->label);
}

bool wire_get_encapsulation(const Pb__Encapsulation *msg, struct hsm_encapsulation *out,
                            struct bytes *peer, struct err *err)
{
    struct hsm_encapsulation with = {.peer = peer, .label = msg->label};

    if (!wire_get_alg(msg->alg, &with.alg, err) || !field_enum(msg->kdf, HSM_KDFS, "KDF", err) ||
        !field_length(&msg->peer, 1, HSM_BLOB_MAX, "public key", err) ||
        !wire_get_label(msg->label, err))
        return false;
    with.kdf = (enum hsm_kdf)msg->kdf;
    *peer = (struct bytes){msg->peer.data, msg->peer.len};
    *out = with;
    return true;
}

bool wire_get_layers(uint32_t alg, uint64_t inner, uint64_t outer, const ProtobufCBinaryData *info,
                     struct hsm_layers *by, struct err *err)
{
    *by = (struct hsm_layers){.inner = inner, .outer = outer, .info = outer ? info->data : NULL};
    return wire_get_alg(alg, &by->alg, err) &&
           wire_get_handle(inner, "wrapping or unwrapping key's handle", err) &&
           (!outer || field_length(info, HSM_INFO_SIZE, HSM_INFO_SIZE, "shared information", err));
}

void wire_put_agreement(const struct hsm_agreement *on, Pb__Agreement *msg, Pb__Template *key,
                        struct wire_constraints *constraints)
{
    pb__agreement__init(msg);
    msg->alg = (uint32_t)on->alg;
    msg->kdf = (uint32_t)on->kdf;
    msg->private_handle = on->private_handle;
    msg->kem_handle = on->kem_handle;
    msg->peer = field_lend_bytes(on->peer->data, on->peer->len);
    msg->info = field_lend_bytes(on->info, HSM_INFO_SIZE);
    msg->use = on->use;
    msg->label = field_lend(on->label);
    if (on->key) {
        wire_put_template(on->key, key, constraints);
        msg->key = key;
    }
}

/* A key of the transport has one of four uses; a key that stays has those of its template. */
static bool get_use(const Pb__Agreement *msg, struct hsm_agreement *on, struct wire_agreed *room,
                    struct err *err)
{
    struct bytes spki;

    if (msg->key) {
        on->key = &room->key;
        return wire_get_template(msg->key, &room->key, &spki, &room->constraints, err) &&
               ((on->use == 0 && spki.len == 0) ||
                err_set(err, ERR_DATA, "a key that stays has a second use, or a public half"));
    }
    return on->use == KEY_WRAP || on->use == KEY_UNWRAP || on->use == KEY_ENCRYPT ||
           on->use == KEY_DECRYPT ||
           err_set(err, ERR_DATA, "a derived key has another use than it may have");
}

bool wire_get_agreement(const Pb__Agreement *msg, struct hsm_agreement *out,
                        struct wire_agreed *room, struct err *err)
{
    struct hsm_agreement on = {.private_handle = msg->private_handle,
                               .kem_handle = msg->kem_handle,
                               .peer = &room->peer,
                               .info = msg->info.data,
                               .use = msg->use,
                               .label = msg->label};

    if (!wire_get_alg(msg->alg, &on.alg, err) || !field_enum(msg->kdf, HSM_KDFS, "KDF", err) ||
        !wire_get_handle(msg->private_handle, "private key's handle", err) ||
        !field_length(&msg->peer, 1, HSM_BLOB_MAX, "public key", err) ||
        !field_length(&msg->info, HSM_INFO_SIZE, HSM_INFO_SIZE, "shared information", err) ||
        !wire_get_label(msg->label, err) || !get_use(msg, &on, room, err))
        return false;
    on.kdf = (enum hsm_kdf)msg->kdf;
    room->peer = (struct bytes){msg->peer.data, msg->peer.len};
    *out = on;
    return true;
}
