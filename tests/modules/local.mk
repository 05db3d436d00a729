# SPDX-License-Identifier: Apache-2.0
# A module that can wrap by CKM_RSA_AES_KEY_WRAP only.
check_PROGRAMS += %D%/one_blob.so
%C%_one_blob_so_SOURCES = %D%/one_blob.c
%C%_one_blob_so_CFLAGS = $(STD_CFLAGS) $(WARN_CFLAGS) -fPIC $(P11KIT_CFLAGS)
%C%_one_blob_so_LDFLAGS = -shared

if HAVE_CMOCKA
# The agent with a module that behaves badly.
# Not an archive's object and not a program: a library to be loaded, so nothing of ours is in it.
check_PROGRAMS += %D%/odd.so
%C%_odd_so_SOURCES = %D%/odd.c
%C%_odd_so_CFLAGS = $(STD_CFLAGS) $(WARN_CFLAGS) -fPIC $(P11KIT_CFLAGS)
%C%_odd_so_LDFLAGS = -shared

check_PROGRAMS += %D%/test_modules
TESTS += %D%/test_modules
%C%_test_modules_SOURCES = %D%/test_modules.c
%C%_test_modules_CFLAGS = $(UNIT_CFLAGS)
%C%_test_modules_LDADD = $(HSM) $(PROTOBUF_LIBS) $(UNIT_BASE)

endif
