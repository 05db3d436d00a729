/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/sweep.h"

#include <string.h>

#include "base/text.h"

bool sweep_has_name(const struct key_desc *key, const char *id)
{
    char label[64];
    const size_t len = text_print(label, sizeof label, "hsmferry:%s", id);

    return key->label_len == len && memcmp(key->label, label, len) == 0;
}

/* Records a whole name, in as many events as it needs. */
static bool announce(struct narrator *n, enum side side, uint64_t handle, const char *what,
                     const uint8_t *bytes, size_t len)
{
    enum { PART = 64 };
    char hex[2 * PART + 1];

    for (size_t at = 0; at < len || at == 0; at += PART)
        if (!emit_note(n, EVENT_WARNING, side, "swept",
                       "handle %llu: %s, %zu octets, from %zu:%s%s", (unsigned long long)handle,
                       what, len, at, len ? " " : "",
                       text_hex(bytes + at, len - at < PART ? len - at : PART, hex)))
            return false;
    return true;
}

bool sweep_object(struct party *party, const struct key_desc *key, const char *why,
                  struct narrator *n, struct err *err)
{
    const enum side side = party->known.side;
    char label[KEY_LABEL_TEXT], type[KEY_TYPE_TEXT];

    if (key->label_len > KEY_LABEL_MAX || key->id_len > KEY_ID_MAX)
        return err_set(err, ERR_UNSUPPORTED, "an object with so long a label or id is left alone");
    if (!emit_note(n, EVENT_WARNING, side, "swept", "%s, handle %llu: %s, %s, %.120s", why,
                   (unsigned long long)key->handle, key_class_name(key->class),
                   key_type_text(key, type), key_label_text(key, label)) ||
        !announce(n, side, key->handle, "label", key->label, key->label_len) ||
        !announce(n, side, key->handle, "id", key->id, key->id_len))
        return emit_why(n, err);
    if (!party->hsm->driver->remove(party->hsm, key, err))
        return false;
    known_forget(&party->known, key->handle);
    return true;
}
