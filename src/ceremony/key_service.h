/* SPDX-License-Identifier: Apache-2.0 */
/* A key service in the place of the destination: it is not reached, and holds nothing here. */
#ifndef HSMFERRY_CEREMONY_KEY_SERVICE_H
#define HSMFERRY_CEREMONY_KEY_SERVICE_H

#include <stdbool.h>

#include "base/err.h"
#include "hsm/hsm.h"
#include "transfer/sealing.h"

/* Of the contract it has close, info, slots, login, list and capabilities; the others are NULL. Its
 * only slot is the wrapping key: the serial is the beginning of its SHA-256. sealing must outlive
 * it. Errors: ERR_FAILED (memory). */
bool key_service_open(const struct sealing *sealing, struct hsm **out, struct err *err);

#endif
