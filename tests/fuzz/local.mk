# SPDX-License-Identifier: Apache-2.0
# Fuzz targets (%D%/fuzz.h): for libFuzzer, else for replay.c.
check_LIBRARIES += libfuzz.a
libfuzz_a_CFLAGS = $(AM_CFLAGS)
libfuzz_a_SOURCES = \
	%D%/answers.c \
	%D%/answers.h \
	%D%/fuzz.c \
	%D%/fuzz.h
if FUZZ
FUZZ_LINK = $(AM_LDFLAGS) -fsanitize=fuzzer
else
libfuzz_a_SOURCES += %D%/replay.c
FUZZ_LINK = $(AM_LDFLAGS)
endif
FUZZ_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
FUZZ_BASE = libfuzz.a $(HSM) libbase.a $(PROTOBUF_LIBS) $(CRYPTO_LIBS)
FUZZ_YAML = $(CYAML_LIBS) $(YAML_LIBS)

fuzz_targets = %D%/fuzz_certificate
%C%_fuzz_certificate_CFLAGS = $(FUZZ_CFLAGS)
%C%_fuzz_certificate_LDADD = libceremony.a $(FUZZ_BASE)
%C%_fuzz_certificate_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_certificate_SOURCES = %D%/fuzz_certificate.c

fuzz_targets += %D%/fuzz_config
%C%_fuzz_config_CFLAGS = $(FUZZ_CFLAGS) $(CYAML_CFLAGS)
%C%_fuzz_config_LDADD = libconfig.a $(RECORD) libceremony.a libsealed.a $(FUZZ_BASE) $(FUZZ_YAML)
%C%_fuzz_config_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_config_SOURCES = %D%/fuzz_config.c

fuzz_targets += %D%/fuzz_control
%C%_fuzz_control_CFLAGS = $(FUZZ_CFLAGS)
%C%_fuzz_control_LDADD = $(FUZZ_BASE)
%C%_fuzz_control_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_control_SOURCES = %D%/fuzz_control.c

fuzz_targets += %D%/fuzz_dialect
%C%_fuzz_dialect_CFLAGS = $(FUZZ_CFLAGS) $(CYAML_CFLAGS)
%C%_fuzz_dialect_LDADD = $(DRIVER) libconfine.a $(FUZZ_BASE) $(FUZZ_YAML) $(SECCOMP_LIBS)
%C%_fuzz_dialect_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_dialect_SOURCES = %D%/fuzz_dialect.c

fuzz_targets += %D%/fuzz_journal
%C%_fuzz_journal_CFLAGS = $(FUZZ_CFLAGS)
%C%_fuzz_journal_LDADD = libui.a $(RECORD) libconfig.a libceremony.a libsealed.a $(FUZZ_BASE) $(FUZZ_YAML)
%C%_fuzz_journal_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_journal_SOURCES = %D%/fuzz_journal.c %D%/replayed.c %D%/replayed.h src/cmd/recorded.c \
	src/cmd/recorded.h

fuzz_targets += %D%/fuzz_module
%C%_fuzz_module_CFLAGS = $(FUZZ_CFLAGS) $(P11KIT_CFLAGS)
%C%_fuzz_module_LDADD = $(DRIVER) libconfine.a $(FUZZ_BASE) $(FUZZ_YAML) $(SECCOMP_LIBS)
%C%_fuzz_module_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_module_SOURCES = %D%/fuzz_module.c

fuzz_targets += %D%/fuzz_pin
%C%_fuzz_pin_CFLAGS = $(FUZZ_CFLAGS)
%C%_fuzz_pin_LDADD = $(FUZZ_BASE)
%C%_fuzz_pin_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_pin_SOURCES = %D%/fuzz_pin.c

fuzz_targets += %D%/fuzz_reply
%C%_fuzz_reply_CFLAGS = $(FUZZ_CFLAGS) $(PROTOBUF_CFLAGS)
%C%_fuzz_reply_LDADD = $(FUZZ_BASE)
%C%_fuzz_reply_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_reply_SOURCES = %D%/fuzz_reply.c

fuzz_targets += %D%/fuzz_report
%C%_fuzz_report_CFLAGS = $(FUZZ_CFLAGS)
%C%_fuzz_report_LDADD = $(RECORD) $(FUZZ_BASE) $(YAML_LIBS)
%C%_fuzz_report_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_report_SOURCES = %D%/fuzz_report.c

fuzz_targets += %D%/fuzz_request
%C%_fuzz_request_CFLAGS = $(FUZZ_CFLAGS) $(PROTOBUF_CFLAGS)
# libagent.a has a main of its own
%C%_fuzz_request_LDADD = libfuzz.a libagent.a libfake.a $(FUZZ_BASE)
%C%_fuzz_request_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_request_SOURCES = %D%/fuzz_request.c tests/fake/drivers.c

fuzz_targets += %D%/fuzz_sealed
%C%_fuzz_sealed_CFLAGS = $(FUZZ_CFLAGS)
%C%_fuzz_sealed_LDADD = libsealed.a $(FUZZ_BASE) $(YAML_LIBS)
%C%_fuzz_sealed_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_sealed_SOURCES = %D%/fuzz_sealed.c

fuzz_targets += %D%/fuzz_signature
%C%_fuzz_signature_CFLAGS = $(FUZZ_CFLAGS)
%C%_fuzz_signature_LDADD = $(RECORD) $(FUZZ_BASE) $(YAML_LIBS)
%C%_fuzz_signature_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_signature_SOURCES = %D%/fuzz_signature.c

fuzz_targets += %D%/fuzz_spki
%C%_fuzz_spki_CFLAGS = $(FUZZ_CFLAGS) $(NSS_CFLAGS)
%C%_fuzz_spki_LDADD = libnss.a $(DRIVER) libconfine.a libceremony.a $(FUZZ_BASE) $(FUZZ_YAML) $(NSS_LIBS)
%C%_fuzz_spki_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_spki_SOURCES = %D%/fuzz_spki.c

fuzz_targets += %D%/fuzz_text
%C%_fuzz_text_CFLAGS = $(FUZZ_CFLAGS)
%C%_fuzz_text_LDADD = $(FUZZ_BASE)
%C%_fuzz_text_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_text_SOURCES = %D%/fuzz_text.c

fuzz_targets += %D%/fuzz_uri
%C%_fuzz_uri_CFLAGS = $(FUZZ_CFLAGS)
%C%_fuzz_uri_LDADD = $(FUZZ_BASE)
%C%_fuzz_uri_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_uri_SOURCES = %D%/fuzz_uri.c

check_PROGRAMS += $(fuzz_targets)
fuzz-targets: $(BUILT_SOURCES)
	$(MAKE) $(AM_MAKEFLAGS) $(fuzz_targets)
EXTRA_DIST += \
	%D%/config.dict \
	%D%/corpus \
	%D%/dialect.dict \
	%D%/found \
	%D%/fuzz.sh \
	%D%/journal.dict \
	%D%/uri.dict

# Each target for this long, in a build of its own with clang.
FUZZ_SECONDS = 60
fuzz:
	$(SHELL) $(srcdir)/tests/fuzz/fuzz.sh '$(abs_srcdir)' '$(FUZZ_SECONDS)' $(FUZZ_TARGETS)
.PHONY: fuzz fuzz-targets
