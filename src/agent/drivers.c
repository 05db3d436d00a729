/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/drivers.h"

#include "driver/libp11/libp11.h"
#include "driver/nss/nss.h"
#include "driver/openssl/openssl.h"
#include "driver/pkcs11/pkcs11.h"

const struct hsm_driver *const drivers[] = {
    &pkcs11_driver, &nss_driver, &openssl_driver, &libp11_driver, NULL,
};
