/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What holds for every HSM, whatever its driver or its token does: a key that may not leave does
 * not, an algorithm gets only what it can carry, a damaged wrapped key has one answer, and an
 * object is this session's only if this session made it. The service asks here before it asks the
 * driver.
 */
#ifndef HSMFERRY_AGENT_GUARD_H
#define HSMFERRY_AGENT_GUARD_H

#include "hsm/handles.h"
#include "hsm/hsm.h"

/* {.hsm = hsm} guards an HSM that is open. */
struct guard {
    struct hsm *hsm;
    struct handles known;
};

/* After the login: takes the inventory. A path that only proves makes and destroys nothing, and has
 * none. Errors: as the driver's handles(). */
bool guard_begin(struct guard *g, struct err *err);
void guard_end(struct guard *g);

/* wrap() of the contract. Errors: ERR_DENIED (key may not leave, or not under this one; wrapping
 * may not wrap), ERR_UNSUPPORTED (wrapping is no key for this algorithm, or key is not of a length
 * that it carries), and those of the driver. */
bool guard_wrap(const struct guard *g, enum hsm_alg alg, uint64_t wrapping, uint64_t key,
                struct bytes *wrapped_key, struct err *err);

/* unwrap() of the contract, and guard_made() of the new object. Every ERR_DATA, of whatever
 * origin, is the same sentence: an attacker learns nothing from the difference. */
bool guard_unwrap(struct guard *g, enum hsm_alg alg, uint64_t unwrapping,
                  const struct bytes *wrapped_key, const struct hsm_template *template,
                  uint64_t *handle, struct err *err);

/* The driver says that this session has made these objects; other may be 0: none.
 * Errors: ERR_HSM (it existed before; it is left alone). */
bool guard_made(struct guard *g, uint64_t handle, struct err *err);
bool guard_made_two(struct guard *g, uint64_t handle, uint64_t other, struct err *err);

/* destroy() of the contract. What is gone already is not destroyed again: another object may have
 * its handle by now. */
bool guard_destroy(struct guard *g, uint64_t handle, struct err *err);

/* remove() of the contract, which names one object that another session made. */
bool guard_remove(struct guard *g, const struct key_desc *is, struct err *err);

#endif
