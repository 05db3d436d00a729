/* SPDX-License-Identifier: Apache-2.0 */
#include "link/wire_field.h"

#include <string.h>

#include "base/text.h"
#include "hsm/hsm.h"

char *field_lend(const char *text)
{
    return (char *)text;
}

ProtobufCBinaryData field_lend_bytes(const void *data, size_t len)
{
    return (ProtobufCBinaryData){.len = len, .data = (uint8_t *)data};
}

bool field_string(const char *msg, const char *name, char *out, size_t size, struct err *err)
{
    size_t len = strlen(msg);

    if (len >= size)
        return err_set(err, ERR_DATA, "%s is too long (%zu octets)", name, len);
    memcpy(out, msg, len + 1);
    return true;
}

bool field_text(const char *msg, const char *name, char *out, size_t size, struct err *err)
{
    uint8_t raw[HSM_PATH_MAX];
    size_t len = sizeof raw;

    if (strlen(msg) < size && !text_unsafe(msg, raw, &len))
        return err_set(err, ERR_DATA, "%s is not safe text", name);
    return field_string(msg, name, out, size, err);
}

bool field_enum(uint32_t value, unsigned count, const char *name, struct err *err)
{
    return value < count || err_set(err, ERR_DATA, "%s %u is unknown", name, value);
}

bool field_flags(uint32_t flags, uint32_t known, const char *name, struct err *err)
{
    return (flags & ~known) == 0 || err_set(err, ERR_DATA, "%s contains unknown bits", name);
}

bool field_length(const ProtobufCBinaryData *msg, size_t min, size_t max, const char *name,
                  struct err *err)
{
    return (msg->len >= min && msg->len <= max) ||
           err_set(err, ERR_DATA, "%s has a length of %zu octets", name, msg->len);
}

size_t field_at_most(size_t len, size_t max)
{
    return len < max ? len : max;
}

/* Bytes that may be truncated: len is the true length, at most max of them are present. */
bool field_cut(const ProtobufCBinaryData *msg, uint32_t len, size_t max, const char *name,
               struct err *err)
{
    return (len <= UINT16_MAX && msg->len == field_at_most(len, max)) ||
           err_set(err, ERR_DATA, "%s of %u octets came with %zu", name, len, msg->len);
}
