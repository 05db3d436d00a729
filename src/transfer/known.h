/* SPDX-License-Identifier: Apache-2.0 */
/* The objects of one HSM that no step may take for its own. */
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
    const struct transfers *arrived; /* keys that have arrived; NULL: none can have */
};

/* Gives to the objects that from had at the login. Errors: ERR_FAILED (memory). */
bool known_copy(const struct known *from, struct known *to, struct err *err);

/* Was this object there at the login? */
bool known_before(const struct known *known, uint64_t handle);

/* Is it that of an object that was there at the login, or of a key that another transfer than self
 * (NULL: any) has brought? */
bool known_is_anothers(const struct known *known, const struct transfer *self, uint64_t handle);

/* An object of the login was destroyed by a named act. */
void known_forget(struct known *known, uint64_t handle);

/* To be passed each handle that an HSM gives for a new object. Errors: ERR_HSM: it is another's.
 * *handle is then 0: nothing is done with that object, whatever the agent thinks of it. */
bool known_made(const struct known *known, const struct transfer *self, uint64_t *handle,
                struct err *err);

/* Destroys what *handle is, which becomes 0; 0 is nothing. Errors: also ERR_HSM as known_made(). */
bool known_destroy(const struct known *known, struct hsm *hsm, const struct transfer *self,
                   uint64_t *handle, struct err *err);

#endif
