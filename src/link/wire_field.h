/* SPDX-License-Identifier: Apache-2.0 */
/* Single fields of messages: lent to a message that is packed, checked in one that was received. */
#ifndef HSMFERRY_LINK_WIRE_FIELD_H
#define HSMFERRY_LINK_WIRE_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "base/err.h"
#include "hsm/key.h"

#define WIRE_KEY_FLAGS ((UINT32_C(1) << KEY_FLAGS) - 1) /* all flags of key.h */

/* protobuf-c's members are not const, although packing does not change them. */
char *field_lend(const char *text);
ProtobufCBinaryData field_lend_bytes(const void *data, size_t len);

/* A string that may contain anything printable: a path. */
bool field_string(const char *msg, const char *name, char *out, size_t size, struct err *err);

/* Text that has passed text_safe(). */
bool field_text(const char *msg, const char *name, char *out, size_t size, struct err *err);

/* A value below count; only bits of known; a length from min to max. name is used in the
 * message. */
bool field_enum(uint32_t value, unsigned count, const char *name, struct err *err);
bool field_flags(uint32_t flags, uint32_t known, const char *name, struct err *err);
bool field_length(const ProtobufCBinaryData *msg, size_t min, size_t max, const char *name,
                  struct err *err);

/* len, but at most max. */
size_t field_at_most(size_t len, size_t max);

/* Are these the first octets of a name of len octets, truncated after max? */
bool field_cut(const ProtobufCBinaryData *msg, uint32_t len, size_t max, const char *name,
               struct err *err);

#endif
