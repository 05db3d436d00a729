# SPDX-License-Identifier: Apache-2.0
# The audit report: made from the journal, and checked.
noinst_LIBRARIES += libreport.a
libreport_a_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(YAML_CFLAGS)
libreport_a_SOURCES = \
	%D%/document.c \
	%D%/document.h \
	%D%/gates_section.c \
	%D%/json_schema.c \
	%D%/json_schema.h \
	%D%/key_groups.c \
	%D%/key_groups.h \
	%D%/key_profiles.c \
	%D%/key_profiles.h \
	%D%/report.c \
	%D%/report.h \
	%D%/report_keys.c \
	%D%/report_sections.c \
	%D%/report_sections.h \
	%D%/script_section.c \
	%D%/sheet_form.h \
	%D%/sheet_gates.c \
	%D%/sheet_html.c \
	%D%/sheet_keys.c \
	%D%/sheet_policy.c \
	%D%/sheet_proofs.c \
	%D%/sheet_script.c \
	%D%/sheet_text.c \
	%D%/sheet_transport.c \
	%D%/sheet_view.c \
	%D%/sheet_view.h \
	%D%/signing.c \
	%D%/signing.h \
	%D%/signing_sheet.c \
	%D%/signing_sheet.h \
	%D%/verify.c \
	%D%/verify.h \
	%D%/verify_relay.c \
	%D%/verify_relay.h \
	%D%/verify_rules.c \
	%D%/verify_rules.h \
	%D%/verify_alignment.c \
	%D%/verify_alignment.h \
	%D%/verify_derived.c \
	%D%/verify_derived.h \
	%D%/verify_gates.c \
	%D%/verify_gates.h \
	%D%/verify_pace.c \
	%D%/verify_pace.h \
	%D%/verify_removal.c \
	%D%/verify_removal.h \
	%D%/verify_script.c \
	%D%/verify_script.h \
	%D%/verify_sessions.c \
	%D%/verify_sessions.h \
	%D%/verify_steps.c \
	%D%/verify_steps.h \
	%D%/verify_trail.c \
	%D%/verify_trail.h \
	%D%/verify_transport.c \
	%D%/verify_transport.h \
	%D%/verify_visits.c \
	%D%/verify_visits.h \
	%D%/visit_rules.c \
	%D%/visit_rules.h \
	%D%/yaml_tree.c \
	%D%/yaml_tree.h \
	%D%/yaml_writer.c \
	%D%/yaml_writer.h
# One for each format; reports are written in the last (RECORD_FORMAT).
report_schemas = \
	%D%/hsmferry-audit-1.schema.json \
	%D%/hsmferry-audit-2.schema.json \
	%D%/hsmferry-audit-3.schema.json
dist_pkgdata_DATA += $(report_schemas)
nodist_libreport_a_SOURCES = %D%/json_schemas.c
CLEANFILES += %D%/json_schemas.c

%D%/json_schemas.c: $(report_schemas)
	$(AM_V_GEN)$(MKDIR_P) %D% && { \
		echo '#include "report/json_schema.h"'; \
		for n in 1 2 3; do \
			echo "static const unsigned char format_$$n[] = {"; \
			od -An -v -tx1 $(srcdir)/%D%/hsmferry-audit-$$n.schema.json | \
				sed 's/[0-9a-f][0-9a-f]/0x&,/g'; \
			echo '};'; \
		done; \
		echo 'const struct json_schema json_schema_reports[] = {'; \
		for n in 1 2 3; do \
			echo "{format_$$n, sizeof format_$$n},"; \
		done; \
		echo '};'; \
	} >$@.part && mv $@.part $@
