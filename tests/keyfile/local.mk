# SPDX-License-Identifier: Apache-2.0
# What the tests of key files need: PKCS#12 with any content, and a look at the memory.
check_PROGRAMS += %D%/bags %D%/leftovers
%C%_bags_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
%C%_bags_LDADD = $(CRYPTO_LIBS)
%C%_bags_SOURCES = %D%/bags.c
%C%_leftovers_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
%C%_leftovers_LDADD = libopenssl.a libload.a libhsm.a libconfine.a libbase.a $(SECCOMP_LIBS) $(CRYPTO_LIBS)
%C%_leftovers_SOURCES = %D%/leftovers.c
EXTRA_DIST += %D%/lib.sh %D%/look.py %D%/needles.py %D%/rooms.py %D%/unseal.py
