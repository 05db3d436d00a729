# SPDX-License-Identifier: Apache-2.0
# The driver of PKCS#11 modules. It links no module.
noinst_LIBRARIES += libpkcs11.a
libpkcs11_a_CFLAGS = $(AM_CFLAGS) $(P11KIT_CFLAGS) $(CRYPTO_CFLAGS) $(CYAML_CFLAGS)
libpkcs11_a_SOURCES = \
	%D%/pkcs11.c \
	%D%/pkcs11.h \
	%D%/pkcs11_agree.c \
	%D%/pkcs11_agree.h \
	%D%/pkcs11_attr.c \
	%D%/pkcs11_attr.h \
	%D%/pkcs11_evidence.c \
	%D%/pkcs11_evidence.h \
	%D%/pkcs11_kem.c \
	%D%/pkcs11_kem.h \
	%D%/pkcs11_kem_public.c \
	%D%/pkcs11_kem_public.h \
	%D%/pkcs11_kem_try.c \
	%D%/pkcs11_kem_try.h \
	%D%/pkcs11_key.c \
	%D%/pkcs11_key.h \
	%D%/pkcs11_mech.c \
	%D%/pkcs11_mech.h \
	%D%/pkcs11_module.c \
	%D%/pkcs11_module.h \
	%D%/pkcs11_object.c \
	%D%/pkcs11_object.h \
	%D%/pkcs11_capabilities.c \
	%D%/pkcs11_capabilities.h \
	%D%/pkcs11_probe.c \
	%D%/pkcs11_probe.h \
	%D%/pkcs11_prove.c \
	%D%/pkcs11_prove.h \
	%D%/pkcs11_public.c \
	%D%/pkcs11_public.h \
	%D%/pkcs11_publics.c \
	%D%/pkcs11_publics.h \
	%D%/pkcs11_read.c \
	%D%/pkcs11_read.h \
	%D%/pkcs11_sample.c \
	%D%/pkcs11_sample.h \
	%D%/pkcs11_seen.c \
	%D%/pkcs11_seen.h \
	%D%/pkcs11_session.c \
	%D%/pkcs11_session.h \
	%D%/pkcs11_spki.c \
	%D%/pkcs11_spki.h \
	%D%/pkcs11_temp.c \
	%D%/pkcs11_temp.h \
	%D%/pkcs11_template.c \
	%D%/pkcs11_template.h \
	%D%/pkcs11_try.c \
	%D%/pkcs11_try.h \
	%D%/pkcs11_wrap.c \
	%D%/pkcs11_wrap.h
