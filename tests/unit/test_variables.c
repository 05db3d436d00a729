/* SPDX-License-Identifier: Apache-2.0 */
/* Which environment variables may reach a module. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hsm/variables.h"

/* Each that was seen to run foreign code, or to write or read where it should not. */
static void test_ranks(void **state)
{
    static const struct {
        const char *variable;
        enum variable_rank rank;
    } rows[] = {
        {"LD_PRELOAD=/evil.so", VARIABLE_LOADER},
        {"LD_AUDIT=/evil.so", VARIABLE_LOADER},
        {"LD_LIBRARY_PATH=/evil", VARIABLE_LOADER},
        {"LD_DEBUG_OUTPUT=/tmp/x", VARIABLE_LOADER},
        {"GLIBC_TUNABLES=glibc.malloc.check=1", VARIABLE_LOADER},
        {"MALLOC_CHECK_=3", VARIABLE_LOADER},
        {"GCONV_PATH=/evil", VARIABLE_NEVER},
        {"LOCPATH=/evil", VARIABLE_NEVER},
        {"OPENSSL_CONF=/evil.cnf", VARIABLE_NEVER},
        {"OPENSSL_ENGINES=/evil", VARIABLE_NEVER},
        {"OPENSSL_MODULES=/evil", VARIABLE_NEVER},
        {"SSL_CERT_FILE=/evil.pem", VARIABLE_NEVER},
        {"SSL_CERT_DIR=/evil", VARIABLE_NEVER},
        {"NSS_DEFAULT_DB_TYPE=dbm", VARIABLE_NEVER},
        {"NSS_MAX_MP_PBE_ITERATION_COUNT=1", VARIABLE_NEVER},
        {"NSPR_LOG_FILE=/tmp/x", VARIABLE_NEVER},
        {"NSRANDFILE=/tmp/x", VARIABLE_NEVER},
        {"PKCS11SPY=/evil.so", VARIABLE_REHEARSAL},
        {"PKCS11SPY_OUTPUT=/tmp/pin", VARIABLE_REHEARSAL},
        {"P11_KIT_STRICT=1", VARIABLE_NEVER},
        {"P11_KIT_SERVER_ADDRESS=unix:path=/run/p11", VARIABLE_PLAIN},
        {"P11_KIT_SERVER_ADDRESS=vsock:cid=2", VARIABLE_PLAIN},
        {"P11_KIT_SERVER_ADDRESS=exec:/evil", VARIABLE_NEVER},
        {"TPM2_PKCS11_TCTI=/evil.so", VARIABLE_NEVER},
        {"TPM2_PKCS11_TCTI=evil.so", VARIABLE_NEVER},
        {"TPM2_PKCS11_TCTI=cmd:/evil", VARIABLE_NEVER},
        {"TPM2_PKCS11_TCTI=pcap:/evil.so", VARIABLE_NEVER},
        {"TPM2_PKCS11_TCTI=", VARIABLE_NEVER},
        {"TPM2_PKCS11_TCTI=device:/dev/tpmrm0", VARIABLE_PLAIN},
        {"TPM2TOOLS_TCTI=swtpm:port=2321", VARIABLE_PLAIN},
        {"OPENSC_CONF=/evil.conf", VARIABLE_NEVER},
        {"OPENSC_DRIVER=evil", VARIABLE_NEVER},
        {"PCSCLITE_CSOCK_NAME=/evil", VARIABLE_NEVER},
        {"LIBPCSCLITE_DELEGATE=/evil.so", VARIABLE_NEVER},
        {"HOSTALIASES=/evil", VARIABLE_NEVER},
        {"LOCALDOMAIN=evil", VARIABLE_NEVER},
        {"RES_OPTIONS=x", VARIABLE_NEVER},
        {"RESOLV_HOST_CONF=/evil", VARIABLE_NEVER},
        {"https_proxy=http://evil", VARIABLE_NEVER},
        {"HTTPS_PROXY=http://evil", VARIABLE_NEVER},
        {"TMPDIR=/evil", VARIABLE_NEVER},
        {"SQLITE_TMPDIR=/evil", VARIABLE_NEVER},
        {"TZDIR=/evil", VARIABLE_NEVER},
        {"NLSPATH=/evil", VARIABLE_NEVER},
        {"PYTHONPATH=/evil", VARIABLE_NEVER},
        {"PERL5LIB=/evil", VARIABLE_NEVER},
        {"BASH_ENV=/evil", VARIABLE_NEVER},
        {"ENV=/evil", VARIABLE_NEVER},
        {"IFS=/", VARIABLE_NEVER},
        {"HOME=/evil", VARIABLE_SESSION},
        {"XDG_CONFIG_HOME=/evil", VARIABLE_SESSION},
        {"PATH=/evil", VARIABLE_SESSION},
        {"SSH_AUTH_SOCK=/run/ssh", VARIABLE_SESSION},
        /* controls: what is like them, and what modules read */
        {"LD", VARIABLE_PLAIN},
        {"OLD_PRELOAD=1", VARIABLE_PLAIN},
        {"MYENV=1", VARIABLE_PLAIN},
        {"ENVIRONMENT=1", VARIABLE_PLAIN},
        {"ld_preload=/a.so", VARIABLE_PLAIN},
        {"SOFTHSM2_CONF=/LD_PRELOAD=x", VARIABLE_PLAIN},
        {"ChrystokiConfigurationPath=/etc", VARIABLE_PLAIN},
        {"NFAST_HOME=/opt/nfast", VARIABLE_PLAIN},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *why = "";
        if (variable_rank(rows[i].variable, &why) != rows[i].rank)
            fail_msg("%s", rows[i].variable);
        assert_int_equal(why == NULL, rows[i].rank == VARIABLE_PLAIN);
    }
}

/* What is no variable at all goes, too: the C library's functions do not see it. */
static void test_drop(void **state)
{
    char *list[] = {(char[]){"OPENSSL_CONF=/evil"},  (char[]){"SOFTHSM2_CONF=/a"},
                    (char[]){"HOME=/root"},          (char[]){"noequals"},
                    (char[]){"LD_LIBRARY_PATH=/b"},  (char[]){"OPENSSL_CONF=/twice"},
                    (char[]){"TPM2_PKCS11_TCTI=/x"}, NULL};
    struct err err = {0};

    (void)state;
    variables_drop(list);
    assert_string_equal(list[0], "SOFTHSM2_CONF=/a");
    assert_string_equal(list[1], "LD_LIBRARY_PATH=/b");
    assert_null(list[2]);
    assert_false(variables_loader((const char *const *)list, &err));
    assert_int_equal(err.code, ERR_CONFIG);
    assert_non_null(strstr(err.what, "LD_LIBRARY_PATH is set"));
    list[1] = NULL;
    assert_true(variables_loader((const char *const *)list, &err));
}

static void test_allowed(void **state)
{
    static const char *const set[] = {"SOFTHSM2_CONF=/a", "NFAST_HOME=/b",
                                      "P11_KIT_NO_USER_CONFIG=1", NULL};
    static const char *const both[] = {"SOFTHSM2_CONF", "NFAST_*"};
    static const char *const near[] = {"SOFTHSM2_CON", "NFAST_"};
    struct err err = {0};

    (void)state;
    assert_true(variables_allowed(set, both, 2, "x", &err));
    assert_true(variables_allowed(NULL, NULL, 0, "x", &err));
    assert_false(variables_allowed(set, both, 1, "the dialect x", &err));
    assert_int_equal(err.code, ERR_CONFIG);
    assert_string_equal(err.what, "NFAST_HOME is set, and the dialect x lists no such variable");
    assert_string_equal(err.now, "No PIN was sent");
    assert_false(variables_allowed(set, near, 2, "x", &err));
    assert_false(variables_allowed(set, NULL, 0, "NSS", &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranks),
        cmocka_unit_test(test_drop),
        cmocka_unit_test(test_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
