# SPDX-License-Identifier: Apache-2.0
# The contract's tests, for every driver.
if HAVE_CMOCKA
check_LIBRARIES += libcontract.a
libcontract_a_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(CMOCKA_CFLAGS)
libcontract_a_SOURCES = \
	%D%/agreement.c \
	%D%/agreement.h \
	%D%/bench.c \
	%D%/bench.h \
	%D%/contract.c \
	%D%/contract.h \
	%D%/evidence.c \
	%D%/evidence.h \
	%D%/kem_agreement.c \
	%D%/protocol.c
CONTRACT_LDADD = libcontract.a libdialect.a libfake.a libceremony.a $(HSM) libbase.a \
	$(PROTOBUF_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += %D%/test_contract_fake
TESTS += %D%/test_contract_fake
%C%_test_contract_fake_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(CMOCKA_CFLAGS)
%C%_test_contract_fake_LDADD = $(CONTRACT_LDADD)
%C%_test_contract_fake_SOURCES = %D%/test_contract_fake.c

PLACE_SOURCES = \
	tests/softhsm/place.c \
	tests/softhsm/place.h \
	tests/softhsm/tokens.c \
	tests/softhsm/tokens.h

check_PROGRAMS += %D%/test_contract_softhsm
TESTS += %D%/test_contract_softhsm
%C%_test_contract_softhsm_CFLAGS = $(AM_CFLAGS) $(P11KIT_CFLAGS)
%C%_test_contract_softhsm_LDADD = $(DRIVER) libconfine.a $(CONTRACT_LDADD) $(CYAML_LIBS) $(YAML_LIBS) \
	$(SECCOMP_LIBS)
%C%_test_contract_softhsm_SOURCES = \
	%D%/test_contract_softhsm.c \
	$(PLACE_SOURCES)

check_PROGRAMS += %D%/test_contract_softoken
TESTS += %D%/test_contract_softoken
%C%_test_contract_softoken_CFLAGS = $(AM_CFLAGS) $(P11KIT_CFLAGS) $(CRYPTO_CFLAGS) \
	$(CMOCKA_CFLAGS)
%C%_test_contract_softoken_LDADD = $(CONTRACT_LDADD)
%C%_test_contract_softoken_SOURCES = \
	%D%/test_contract_softoken.c \
	$(PLACE_SOURCES)

check_PROGRAMS += %D%/test_contract_opencryptoki
TESTS += %D%/test_contract_opencryptoki
%C%_test_contract_opencryptoki_CFLAGS = $(AM_CFLAGS) $(P11KIT_CFLAGS)
%C%_test_contract_opencryptoki_LDADD = $(CONTRACT_LDADD)
%C%_test_contract_opencryptoki_SOURCES = \
	%D%/test_contract_opencryptoki.c \
	tests/opencryptoki/place.c \
	tests/opencryptoki/place.h \
	$(PLACE_SOURCES)

check_PROGRAMS += %D%/test_contract_openssl
TESTS += %D%/test_contract_openssl
%C%_test_contract_openssl_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(CMOCKA_CFLAGS)
%C%_test_contract_openssl_LDADD = $(CONTRACT_LDADD)
%C%_test_contract_openssl_SOURCES = %D%/test_contract_openssl.c

check_PROGRAMS += %D%/test_contract_nss
TESTS += %D%/test_contract_nss
%C%_test_contract_nss_CFLAGS = $(AM_CFLAGS) $(P11KIT_CFLAGS)
%C%_test_contract_nss_LDADD = libnss.a $(DRIVER) libconfine.a $(CONTRACT_LDADD) \
	$(CYAML_LIBS) $(YAML_LIBS) $(NSS_LIBS) $(SECCOMP_LIBS)
%C%_test_contract_nss_SOURCES = \
	%D%/test_contract_nss.c \
	tests/nss/database.c \
	tests/nss/database.h \
	tests/nss/place.c \
	tests/nss/place.h \
	$(PLACE_SOURCES)

endif
