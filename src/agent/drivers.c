/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/drivers.h"

#include "agent/libp11.h"
#include "agent/nss.h"
#include "agent/pkcs11.h"

const struct hsm_driver *const drivers[] = {
    &pkcs11_driver,
    &nss_driver,
    &libp11_driver,
    NULL,
};
