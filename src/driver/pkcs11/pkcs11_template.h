/* SPDX-License-Identifier: Apache-2.0 */
/* The constraints of a key on other keys: PKCS#11's attribute templates (CKA_WRAP_TEMPLATE and
 * others). */
#ifndef HSMFERRY_DRIVER_PKCS11_PKCS11_TEMPLATE_H
#define HSMFERRY_DRIVER_PKCS11_PKCS11_TEMPLATE_H

#include <stdint.h>

#include "driver/pkcs11/pkcs11_attr.h"
#include "driver/pkcs11/pkcs11_session.h"
#include "hsm/key.h"

/* Reads the templates of a key that wraps, unwraps or derives, or could be changed to. lens: what
 * is known of them from p11_read(); the others are asked for one by one, since some modules fail on
 * them, or hang when asked for two at once. A malformed
 * attribute, or one whose pointer is not the room given for it, is counted as others: pointers from
 * a token are never followed. A template that the token fails to read is named in key->unread,
 * unless the token also fails for a key that certainly has none (p->mute_templates). Fails only if
 * the object, the session or the HSM is gone. */
bool p11_templates_read(struct p11 *p, const struct p11_template_lens *lens, struct key_desc *key,
                        struct err *err);

/* Has the token answered for each template of some key, so that none is mute? */
bool p11_templates_answered(const struct p11 *p);

/* Bit (1 << enum key_template_use) for each template that the token fails to read of this key of
 * ours, which has none: the token can report it of no key. */
uint32_t p11_templates_mute(struct p11 *p, CK_OBJECT_HANDLE handle);

/* Adds the templates that terms contains and t does not omit. They point into nested, which must
 * outlive t. */
void p11_templates_add(struct p11_attrs *t, const struct key_constraints *constraints,
                       struct p11_attrs nested[KEY_TEMPLATES]);

/* Bit (1 << enum key_template_use) for each template that a dialect omits. */
uint32_t p11_templates_omitted(uint32_t omit);

#endif
