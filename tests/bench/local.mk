# SPDX-License-Identifier: Apache-2.0
# What a ceremony costs next to bare loops over the same tokens (doc/bench.md): `make bench`. No test
# depends on these times.
check_PROGRAMS += %D%/loops
%C%_loops_CFLAGS = $(AM_CFLAGS) $(P11KIT_CFLAGS) $(CRYPTO_CFLAGS) $(NSS_CFLAGS)
%C%_loops_LDADD = $(CRYPTO_LIBS) $(NSS_LIBS)
%C%_loops_SOURCES = \
	%D%/bare.c \
	%D%/bare.h \
	%D%/fill.c \
	%D%/loops.c \
	%D%/to_nss.c \
	%D%/to_nss.h

TESTS += %D%/bench.sh
EXTRA_DIST += \
	%D%/bench.py \
	%D%/bench.sh \
	%D%/chart.py \
	%D%/console.py \
	%D%/ferry.py \
	%D%/parts.py \
	%D%/place.py \
	%D%/spent.py \
	%D%/table.py \
	%D%/tool.sh

# BENCH=quick takes a minute or two, BENCH=full more than an hour.
BENCH = usual
bench: all %D%/loops tests/faults/shim.so
	/usr/bin/python3 -B $(srcdir)/%D%/bench.py $(BENCH)
.PHONY: bench
