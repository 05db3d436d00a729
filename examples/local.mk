# SPDX-License-Identifier: Apache-2.0
# Examples: a rehearsal on two tokens made for it. The program that makes one is started by hsmferry rehearse,
# too, because the console loads no module.
libexec_PROGRAMS += hsmferry-rehearsal-token
hsmferry_rehearsal_token_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(P11KIT_CFLAGS)
hsmferry_rehearsal_token_LDADD = libbase.a $(CRYPTO_LIBS) $(P11KIT_LIBS)
hsmferry_rehearsal_token_SOURCES = %D%/rehearsal-token.c
EXTRA_DIST += %D%/ceremony.yaml %D%/packages.sh %D%/rehearse.sh \
	%D%/seal-aws.yaml %D%/seal-azure.yaml %D%/sealed.yaml %D%/arriving.yaml %D%/software.yaml %D%/derive.yaml
