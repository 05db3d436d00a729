# SPDX-License-Identifier: Apache-2.0
# The driver of NSS databases. Only the agent and tests link NSS.
noinst_LIBRARIES += libnss.a
libnss_a_CFLAGS = $(AM_CFLAGS) $(NSS_CFLAGS)
libnss_a_SOURCES = \
	%D%/nss.c \
	%D%/nss.h \
	%D%/nss_agree.c \
	%D%/nss_agree.h \
	%D%/nss_attribute.c \
	%D%/nss_attribute.h \
	%D%/nss_db.c \
	%D%/nss_db.h \
	%D%/nss_evidence.c \
	%D%/nss_evidence.h \
	%D%/nss_key.c \
	%D%/nss_key.h \
	%D%/nss_list.c \
	%D%/nss_list.h \
	%D%/nss_object.c \
	%D%/nss_object.h \
	%D%/nss_capabilities.c \
	%D%/nss_capabilities.h \
	%D%/nss_prove.c \
	%D%/nss_prove.h \
	%D%/nss_public.c \
	%D%/nss_public.h \
	%D%/nss_sample.c \
	%D%/nss_sample.h \
	%D%/nss_spki.c \
	%D%/nss_spki.h \
	%D%/nss_token_pair.c \
	%D%/nss_token_pair.h \
	%D%/nss_wrap.c \
	%D%/nss_wrap.h
