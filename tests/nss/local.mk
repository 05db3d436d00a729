# SPDX-License-Identifier: Apache-2.0
if HAVE_CMOCKA
check_PROGRAMS += %D%/test_nss
TESTS += %D%/test_nss
%C%_test_nss_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(NSS_CFLAGS)
%C%_test_nss_LDADD = libagent.a libnss.a $(DRIVER) libconfine.a libhsm.a libbase.a $(SECCOMP_LIBS) $(CRYPTO_LIBS) \
	$(CMOCKA_LIBS) $(CYAML_LIBS) $(YAML_LIBS) $(NSS_LIBS)
%C%_test_nss_SOURCES = \
	%D%/database.c \
	%D%/database.h \
	%D%/test_nss.c
endif
