# SPDX-License-Identifier: Apache-2.0
if HAVE_CMOCKA
# Which code runs in an agent.
# Libraries as above: one that shows that it was loaded, others that need it.
CODE_CFLAGS = $(STD_CFLAGS) $(WARN_CFLAGS) -fPIC
check_PROGRAMS += %D%/evil.so %D%/good.so %D%/libsibling.so \
	%D%/needs.so %D%/origin.so
%C%_evil_so_SOURCES = %D%/evil.c
%C%_evil_so_CFLAGS = $(CODE_CFLAGS)
%C%_evil_so_LDFLAGS = -shared
%C%_good_so_SOURCES = %D%/evil.c
%C%_good_so_CFLAGS = $(CODE_CFLAGS) -DHARMLESS
%C%_good_so_LDFLAGS = -shared
%C%_libsibling_so_SOURCES = %D%/evil.c
%C%_libsibling_so_CFLAGS = $(CODE_CFLAGS)
%C%_libsibling_so_LDFLAGS = -shared -Wl,-soname,libsibling.so
%C%_needs_so_SOURCES = %D%/needs.c
%C%_needs_so_CFLAGS = $(CODE_CFLAGS)
%C%_needs_so_LDFLAGS = -shared
%C%_needs_so_LDADD = %D%/libsibling.so
%C%_origin_so_SOURCES = %D%/needs.c
%C%_origin_so_CFLAGS = $(CODE_CFLAGS)
%C%_origin_so_LDFLAGS = -shared -Wl,-rpath,'$$ORIGIN'
%C%_origin_so_LDADD = %D%/libsibling.so

check_PROGRAMS += %D%/loads
%C%_loads_SOURCES = %D%/loads.c
%C%_loads_CFLAGS = $(AM_CFLAGS) $(P11KIT_CFLAGS) $(NSS_CFLAGS)
%C%_loads_LDADD = $(HSM) libbase.a $(PROTOBUF_LIBS) $(CRYPTO_LIBS) $(NSS_LIBS)

check_PROGRAMS += %D%/test_loader
TESTS += %D%/test_loader
%C%_test_loader_SOURCES = %D%/test_loader.c
%C%_test_loader_CFLAGS = $(UNIT_CFLAGS)
%C%_test_loader_LDADD = $(UNIT_PKCS11)

endif
