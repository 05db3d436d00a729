/* SPDX-License-Identifier: Apache-2.0 */
/* What a key demands of other keys: PKCS#11's templates within objects. */
#ifndef HSMFERRY_DRIVER_PKCS11_PKCS11_TEMPLATE_H
#define HSMFERRY_DRIVER_PKCS11_PKCS11_TEMPLATE_H

#include <stdint.h>

#include "driver/pkcs11/pkcs11_attr.h"
#include "driver/pkcs11/pkcs11_session.h"
#include "hsm/key.h"

/* CKA_WRAP_TEMPLATE and its kin. */
extern const CK_ATTRIBUTE_TYPE p11_template_types[KEY_TEMPLATES];

/* Reads the templates of a key that wraps, unwraps or derives, or could be made
 * to, each in calls of its own: some modules fail at them, or hang when asked for two at once. What
 * is malformed, or not at the place that was given for it, counts as others: a token's own pointers
 * are never followed. One that the token fails to read is named in key->unread, unless the token
 * fails likewise for a key that surely has none (p->mute_templates). Fails only where object,
 * session or HSM is gone. */
bool p11_templates_read(struct p11 *p, struct key_desc *key, struct err *err);

/* Bit (1 << enum key_template_use) for each that the token fails to read of this key of ours, which
 * has none: it can carry none of any key. */
uint32_t p11_templates_mute(struct p11 *p, CK_OBJECT_HANDLE handle);

/* Adds the templates that constraints have and t does not omit. They point into nested, which must
 * outlive t. */
void p11_templates_add(struct p11_attrs *t, const struct key_constraints *constraints,
                       struct p11_attrs nested[KEY_TEMPLATES]);

/* Bit (1 << enum key_template_use) for each that is among what a dialect omits. */
uint32_t p11_templates_omitted(uint32_t omit);

#endif
