/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A NEW KEY in place of one that may not leave: both HSMs derive it by ECDH, and each keeps it as a
 * token object that was never extractable. A ceremony makes one.
 */
#ifndef HSMFERRY_PLAN_DERIVED_KEY_H
#define HSMFERRY_PLAN_DERIVED_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "hsm/key.h"
#include "plan/plan_item.h"
#include "plan/policy.h"

struct derived_key {
    bool wanted;
    struct plan_name name;
    uint32_t uses; /* enum key_flag; what else it may is fixed: DERIVED_GUARDS */
};

/* It can never leave, on either side; and it can be committed. */
enum {
    DERIVED_GUARDS =
        KEY_PRIVATE | KEY_SENSITIVE | KEY_TOKEN | KEY_MODIFIABLE | KEY_COPYABLE | KEY_DESTROYABLE
};

/* What the policy must be: the gates of review and fingerprint wait, whatever it waives, since an
 * attacker who replaces a public half would know the key for good; ECDH alone; no canary, since no
 * key is wrapped. Errors: ERR_CONFIG (the policy allows no ECDH). */
bool derived_key_policy(struct policy *policy, struct err *err);

/* Turns an item, which is the old key, into the new key next to it; item->from is then the name of
 * the old one. A second time it changes nothing. Errors: ERR_FAILED (memory). */
bool derived_key_item(const struct derived_key *derived, struct plan_item *item, struct err *err);

#endif
