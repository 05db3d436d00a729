# SPDX-License-Identifier: Apache-2.0
# hsmferry: the console, one file for each command.
bin_PROGRAMS += hsmferry
hsmferry_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(CYAML_CFLAGS) $(PROTOBUF_CFLAGS) $(YAML_CFLAGS)
hsmferry_LDADD = libui.a $(RECORD) libconfig.a libceremony.a libsealed.a libdialect.a libload.a $(HSM) libconfine.a \
	libbase.a $(CYAML_LIBS) $(YAML_LIBS) $(PROTOBUF_LIBS) $(CRYPTO_LIBS) $(CURSES_LIBS) \
	$(SECCOMP_LIBS)
hsmferry_SOURCES = \
	%D%/command.h \
	%D%/command_ceremony.c \
	%D%/command_compare.c \
	%D%/command_completion.c \
	%D%/command_completion.h \
	%D%/command_diff.c \
	%D%/command_doctor.c \
	%D%/command_help.c \
	%D%/command_help.h \
	%D%/command_line.c \
	%D%/command_line.h \
	%D%/command_list.c \
	%D%/command_probe.c \
	%D%/command_removal.c \
	%D%/command_removal.h \
	%D%/command_replay.c \
	%D%/command_report.c \
	%D%/command_resume.c \
	%D%/command_check_sealed.c \
	%D%/command_seal.c \
	%D%/command_sheet.c \
	%D%/command_sign.c \
	%D%/command_table.c \
	%D%/command_table.h \
	%D%/command_verify.c \
	%D%/command_visit.c \
	%D%/compare_json.c \
	%D%/compare_json.h \
	%D%/confinement.c \
	%D%/confinement.h \
	%D%/doctor.c \
	%D%/doctor.h \
	%D%/doctor_ceremony.c \
	%D%/doctor_host.c \
	%D%/find_interrupted.c \
	%D%/find_interrupted.h \
	%D%/find_rehearsal.c \
	%D%/find_rehearsal.h \
	%D%/find_visits.c \
	%D%/find_visits.h \
	%D%/kept_events.c \
	%D%/kept_events.h \
	%D%/libraries.c \
	%D%/libraries.h \
	%D%/list_json.c \
	%D%/list_json.h \
	%D%/main.c \
	%D%/message.c \
	%D%/message.h \
	%D%/pin_entry.c \
	%D%/pin_entry.h \
	%D%/probe_json.c \
	%D%/probe_json.h \
	%D%/command_rehearse.c \
	%D%/rehearsal.c \
	%D%/rehearsal.h \
	%D%/read_removal.c \
	%D%/read_removal.h \
	%D%/recorded.c \
	%D%/recorded.h \
	%D%/recorded_visits.c \
	%D%/recorded_visits.h \
	%D%/run_console.c \
	%D%/run_console.h \
	%D%/run_plain.c \
	%D%/run_plain.h \
	%D%/seal_next.c \
	%D%/seal_next.h \
	%D%/sealed_terms.c \
	%D%/sealed_terms.h \
	%D%/report_folder.c \
	%D%/report_folder.h \
	%D%/session.c \
	%D%/session.h \
	%D%/still_open.c \
	%D%/still_open.h \
	%D%/syslog_sink.c \
	%D%/syslog_sink.h
# What the commands write for programs, each with the format that its name says.
json_schemas = \
	%D%/hsmferry-compare-1.schema.json \
	%D%/hsmferry-list-1.schema.json \
	%D%/hsmferry-probe-1.schema.json \
	%D%/hsmferry-verify-1.schema.json
dist_pkgdata_DATA += $(json_schemas)

# The completion of two shells, in the folders in which they look for it. Another system can name its
# own: make install zshcompdir=/usr/share/zsh/vendor-completions
bashcompdir = $(datadir)/bash-completion/completions
zshcompdir = $(datadir)/zsh/site-functions
nodist_bashcomp_DATA = %D%/completion/hsmferry
nodist_zshcomp_DATA = %D%/completion/_hsmferry
CLEANFILES += $(nodist_bashcomp_DATA) $(nodist_zshcomp_DATA)
%D%/completion/hsmferry: hsmferry$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) $(@D) && ./hsmferry completion bash >$@.part && mv $@.part $@
%D%/completion/_hsmferry: hsmferry$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) $(@D) && ./hsmferry completion zsh >$@.part && mv $@.part $@
