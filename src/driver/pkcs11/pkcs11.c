/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/pkcs11/pkcs11.h"

#include "driver/pkcs11/pkcs11_key.h"
#include "driver/pkcs11/pkcs11_object.h"
#include "driver/pkcs11/pkcs11_offer.h"
#include "driver/pkcs11/pkcs11_prove.h"
#include "driver/pkcs11/pkcs11_public.h"
#include "driver/pkcs11/pkcs11_sample.h"
#include "driver/pkcs11/pkcs11_session.h"
#include "driver/pkcs11/pkcs11_wrap.h"

const struct hsm_driver pkcs11_driver = {
    .name = "pkcs11",
    .open = p11_open,
    .close = p11_close,
    .info = p11_info,
    .slots = p11_slots,
    .login = p11_login,
    .list = p11_list,
    .handles = p11_handles,
    .describe = p11_describe,
    .public_key = p11_public_key,
    .certificate = p11_certificate,
    .offers = p11_offers,
    .make_pair = p11_make_pair,
    .load_public = p11_load_public,
    .make_aes = p11_make_aes,
    .make_key = p11_make_key,
    .wrap = p11_wrap,
    .unwrap = p11_unwrap,
    .prove = p11_prove,
    .commit = p11_commit,
    .make_public = p11_make_public,
    .destroy = p11_destroy,
    .remove = p11_remove,
};
