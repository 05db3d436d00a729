# SPDX-License-Identifier: Apache-2.0
dist_man_MANS += \
	%D%/hsmferry-agent.8 \
	%D%/hsmferry-ceremony.5 \
	%D%/hsmferry-dialect.5 \
	%D%/hsmferry-json.5 \
	%D%/hsmferry-report.5 \
	%D%/hsmferry-sealed.5 \
	%D%/hsmferry.1


# The list of keys in the manual page, from the key table.
check_PROGRAMS += %D%/keys
%C%_keys_CFLAGS = $(AM_CFLAGS)
%C%_keys_LDADD = $(UNIT_UI)
%C%_keys_SOURCES = %D%/keys.c
