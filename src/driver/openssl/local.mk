# SPDX-License-Identifier: Apache-2.0
# The driver of key files. Only the agent and tests link it.
noinst_LIBRARIES += libopenssl.a
libopenssl_a_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
libopenssl_a_SOURCES = \
	%D%/openssl.c \
	%D%/openssl.h \
	%D%/openssl_capabilities.c \
	%D%/openssl_capabilities.h \
	%D%/openssl_file.c \
	%D%/openssl_file.h \
	%D%/openssl_form.c \
	%D%/openssl_form.h \
	%D%/openssl_item.c \
	%D%/openssl_item.h \
	%D%/openssl_key.c \
	%D%/openssl_key.h \
	%D%/openssl_memory.c \
	%D%/openssl_memory.h \
	%D%/openssl_object.c \
	%D%/openssl_object.h \
	%D%/openssl_pem.c \
	%D%/openssl_pem.h \
	%D%/openssl_pkcs12.c \
	%D%/openssl_pkcs12.h \
	%D%/openssl_prove.c \
	%D%/openssl_prove.h \
	%D%/openssl_read.c \
	%D%/openssl_read.h \
	%D%/openssl_wrap.c \
	%D%/openssl_wrap.h
