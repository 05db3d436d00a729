/* SPDX-License-Identifier: Apache-2.0 */
/* PKCS#11 URIs (RFC 7512), by which the ceremony file names tokens and keys; for the objects of any
 * API. */
#ifndef HSMFERRY_HSM_URI_H
#define HSMFERRY_HSM_URI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "hsm/facts.h"
#include "hsm/key.h"

enum {
    URI_TEXT_MAX = 1280, /* room for the longest label and id, each byte escaped */
    URI_PIN_FILE_MAX = 1024,
    URI_WHOLE_MAX = URI_TEXT_MAX + 3 * URI_PIN_FILE_MAX + 32,
};

/* One attribute's value after percent-decoding. */
struct uri_value {
    bool given;
    bool pattern; /* an unescaped '*' stands for any run of bytes (only "object" may have one) */
    uint16_t len;
    uint8_t data[KEY_LABEL_MAX];
};

struct uri {
    char text[URI_TEXT_MAX];                             /* as written, without the query part */
    struct uri_value token, serial, manufacturer, model; /* of the token */
    struct uri_value object, id;                         /* of the key */
    enum key_class type;                                 /* KEY_CLASS_OTHER: any */
    bool slot_id_given;
    uint64_t slot_id;
    char pin_file[URI_PIN_FILE_MAX]; /* of pin-source=file:/...; empty: none */
};

/* Parses text (RFC 7512 section 2.3). "pkcs11:" alone matches everything. Errors: ERR_CONFIG, with
 * the position: not a PKCS#11 URI; an unknown or repeated attribute; invalid percent-encoding; a
 * value too long; pin-value (a PIN must not be in a file); a pin-source that is not file: and an
 * absolute path; '*' outside "object"; both '*' and '%2A' in one value. No message contains a
 * value. */
bool uri_parse(const char *text, struct uri *uri, struct err *err);

/* Does the URI name this slot's token / this key? Attributes that are not given match
 * everything. */
bool uri_matches_slot(const struct uri *uri, const struct hsm_slot *slot);
bool uri_matches_key(const struct uri *uri, const struct key_desc *key);

/* Can it name more than one key: does it contain a pattern, or neither object nor id? */
bool uri_is_pattern(const struct uri *uri);

/* Do both name a token by the same attributes with the same values? Does it have any attribute of a
 * token? */
bool uri_same_token(const struct uri *a, const struct uri *b);
bool uri_names_token(const struct uri *uri);

/* Adds the token attributes of a key's whole URI to token: a slot must then match both. Returns
 * false if they contradict each other; token is then unchanged. */
bool uri_add_token(struct uri *token, const struct uri *more);

/* Does it have any attribute of a key? */
bool uri_names_key(const struct uri *uri);

/* Writes "pkcs11:token=...;serial=..." for this slot's token, escaped; out has URI_TEXT_MAX
 * bytes. Returns out. */
char *uri_of_slot(const struct hsm_slot *slot, char *out);

/* Writes "pkcs11:object=...;id=...;type=..." for this key: never a pattern, and one that matches
 * nothing if the key's label or id was truncated. out has URI_TEXT_MAX bytes. Returns out. */
char *uri_of_key(const struct key_desc *key, char *out);

/* Writes the URI as it was parsed, with its "?pin-source=file:..." if it has one. out has
 * URI_WHOLE_MAX bytes. Returns out. */
char *uri_whole(const struct uri *uri, char *out);

#endif
