/* SPDX-License-Identifier: Apache-2.0 */
/* The objects of one HSM that no step may treat as its own. */
#ifndef HSMFERRY_TRANSFER_KNOWN_H
#define HSMFERRY_TRANSFER_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "hsm/hsm.h"
#include "protocol/side.h"
#include "transfer/transfer.h"

struct known {
    enum side side;
    uint64_t *before; /* the handles of all objects right after the login; sorted; NULL: not read */
    size_t before_count;
    const struct transfers *arrived; /* keys that were migrated; NULL: none could be */
};

/* Copies the inventory at the login from one to the other. Errors: ERR_FAILED (memory). */
bool known_copy(const struct known *from, struct known *to, struct err *err);

/* Did this object exist at the login? */
bool known_before(const struct known *known, uint64_t handle);

/* Does the handle belong to an object that existed at the login, or to a key of another transfer
 * than self (NULL: of any transfer)? */
bool known_is_anothers(const struct known *known, const struct transfer *self, uint64_t handle);

/* To be called after a named act destroyed an object that existed at the login. */
void known_forget(struct known *known, uint64_t handle);

/* Must be given each handle that an HSM returns for a new object. Errors: ERR_HSM: it belongs to
 * another object. *handle is then 0, so that nothing is done with that object, whatever the agent
 * says. */
bool known_made(const struct known *known, const struct transfer *self, uint64_t *handle,
                struct err *err);

/* Destroys the object and sets *handle to 0; does nothing for 0. Errors: also ERR_HSM as
 * known_made(). */
bool known_destroy(const struct known *known, struct hsm *hsm, const struct transfer *self,
                   uint64_t *handle, struct err *err);

#endif
