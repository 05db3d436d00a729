/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Converts between the contract's types and the messages of hsm.proto.
 *
 * wire_put_*: the message borrows from the structure, so it must be packed while the structure
 * lives.
 * wire_get_*: every field is checked - lengths, counts, enums, unknown flags, handle 0, text that
 * text_safe() did not write - and an invalid one is ERR_DATA, with the field's name. Both sides
 * check what they receive; an out-parameter is written only if all of it is valid.
 */
#ifndef HSMFERRY_LINK_WIRE_H
#define HSMFERRY_LINK_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/secret.h"
#include "hsm/hsm.h"
#include "link/hsm.pb-c.h"
#include "link/wire_constraints.h"

#define WIRE_MAGIC UINT32_C(0x59524648) /* "HFRY" on the wire */

enum {
    WIRE_PROTOCOL = 13,
    WIRE_KEYS_PAGE = 256,     /* keys in one page of a list */
    WIRE_HANDLES_PAGE = 4096, /* handles likewise */
};

/* This program's own greeting. */
void wire_put_hello(Pb__Hello *msg);

/* Packs a message as the content of one frame. Errors: ERR_DATA (longer than a frame may be). */
bool wire_pack(const ProtobufCMessage *msg, struct bytes *frame, struct err *err);

/* The call's name as in hsm.proto: "wrap". */
const char *wire_call_name(Pb__Request__CallCase call);

/* --- single fields; name is used in the message --- */

bool wire_get_handle(uint64_t handle, const char *name, struct err *err);
bool wire_get_bytes(const ProtobufCBinaryData *msg, size_t min, size_t max, const char *name,
                    struct bytes *out, struct err *err);
bool wire_get_alg(uint32_t msg, enum hsm_alg *out, struct err *err);
bool wire_get_proof(uint32_t msg, enum hsm_proof *out, struct err *err);

/* The label of a temporary object: safe text, at most KEY_LABEL_MAX octets. */
bool wire_get_label(const char *msg, struct err *err);

/* A label or id of at most max octets; it stays in the message. */
bool wire_get_name(const ProtobufCBinaryData *msg, size_t max, const char *name, struct err *err);

/* A failure. Its sentences are for people, so text that is not safe is made safe. */
void wire_put_err(const struct err *err, Pb__Error *msg);
bool wire_get_err(const Pb__Error *msg, struct err *out, struct err *err);

/* --- contents of requests --- */

void wire_put_wanted(const struct hsm_wanted *wanted, Pb__Wanted *msg);
bool wire_get_wanted(const Pb__Wanted *msg, struct hsm_wanted *out, struct err *err);
void wire_put_remove(const struct key_desc *is, Pb__Remove *msg);
bool wire_get_remove(const Pb__Remove *msg, struct key_desc *out, struct err *err);
void wire_put_tighten(const struct key_desc *is, const struct tightening *to, Pb__Remove *named,
                      Pb__Tighten *msg); /* msg refers to *named */
bool wire_get_tighten(const Pb__Tighten *msg, struct key_desc *is, struct tightening *to,
                      struct err *err);

/* May a page of a list have so many objects, after so many that came before? */
bool wire_check_page(size_t count, size_t most, bool more, size_t before, struct err *err);
void wire_put_where(const struct hsm_where *where, Pb__Where *msg);
bool wire_get_where(const Pb__Where *msg, struct hsm_where *out, struct err *err);

/* Copies the PIN into *out; the caller wipes the message. */
bool wire_get_pin(const ProtobufCBinaryData *msg, struct secret *out, struct err *err);

/* *out and the spki that it may point to (*spki, which must not be freed) borrow from the message;
 * *constraints is the memory of its terms. Both apply to put and get. */
void wire_put_template(const struct hsm_template *template, Pb__Template *msg,
                       struct wire_constraints *constraints);
bool wire_get_template(const Pb__Template *msg, struct hsm_template *out, struct bytes *spki,
                       struct key_constraints *constraints, struct err *err);

void wire_put_sample(const struct key_sample *sample, Pb__MakeKey *msg);
bool wire_get_sample(const Pb__MakeKey *msg, struct key_sample *out, struct err *err);

/* --- contents of replies --- */

/* The memory that the files of a message point to. */
struct wire_files {
    Pb__File msg[HSM_LOADED_MAX];
    Pb__File *refs[HSM_LOADED_MAX];
};

void wire_put_info(const struct hsm_info *info, Pb__Info *msg, struct wire_files *files);
bool wire_get_info(const Pb__Info *msg, struct hsm_info *out, struct err *err);

void wire_put_slot(const struct hsm_slot *slot, Pb__Slot *msg);
bool wire_get_slot(const Pb__Slot *msg, struct hsm_slot *out, struct err *err);

/* The caller frees out->slots. */
bool wire_get_slots(const Pb__Slots *msg, struct hsm_slot_list *out, struct err *err);

/* terms is the memory that msg points to. */
void wire_put_key(const struct key_desc *key, Pb__Key *msg, struct wire_constraints *constraints);
bool wire_get_key(const Pb__Key *msg, struct key_desc *out, struct err *err);

/* The memory that a message of capabilities points to. */
struct wire_offers {
    Pb__Offer msgs[HSM_ALGS], *refs[HSM_ALGS], evidence;
    char *words[HSM_OPS + HSM_PROOFS];
};
void wire_put_capabilities(const struct hsm_capabilities *caps, struct wire_offers *offers,
                           Pb__Offers *msg);
bool wire_get_capabilities(const Pb__Offers *msg, struct hsm_capabilities *out, struct err *err);

/* The caller frees out->spki. */
bool wire_get_pair(const Pb__Pair *msg, struct hsm_pair *out, struct err *err);

#endif
