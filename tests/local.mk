# SPDX-License-Identifier: Apache-2.0
# Tests of the tree and of the whole program; the longest first, so that none is alone at the end.
shell_tests = \
	%D%/faults/removals.sh \
	%D%/faults/sweep.sh \
	%D%/record.sh \
	%D%/faults/resume.sh \
	%D%/faults/kills.sh \
	%D%/agent.sh \
	%D%/auditor.sh \
	%D%/badinput/agent.sh \
	%D%/badinput/file.sh \
	%D%/badinput/many.sh \
	%D%/badinput/relay.sh \
	%D%/badinput/token.sh \
	%D%/cli.sh \
	%D%/contributing.sh \
	%D%/code/code.sh \
	%D%/completion.sh \
	%D%/faults/invariants.sh \
	%D%/faults/files.sh \
	%D%/faults/companions.sh \
	%D%/faults/lies.sh \
	%D%/faults/link.sh \
	%D%/format.sh \
	%D%/json.sh \
	%D%/kept.sh \
	%D%/fuzz/replay.sh \
	%D%/golden/golden.sh \
	%D%/hardening.sh \
	%D%/house.sh \
	%D%/keyfile/ceremony.sh \
	%D%/keyfile/memory.sh \
	%D%/keyfile/refused.sh \
	%D%/keyfile/rooms.sh \
	%D%/layers.sh \
	%D%/man.sh \
	%D%/pairs/nss.sh \
	%D%/pairs/opencryptoki.sh \
	%D%/pairs/fidelity.sh \
	%D%/pairs/hmac.sh \
	%D%/pairs/lengths.sh \
	%D%/field/halves.sh \
	%D%/field/fips.sh \
	%D%/field/limits.sh \
	%D%/field/mechanisms.sh \
	%D%/field/names.sh \
	%D%/field/remote.sh \
	%D%/pairs/companions.sh \
	%D%/pairs/compare.sh \
	%D%/pairs/derive.sh \
	%D%/pairs/retire.sh \
	%D%/pairs/rights.sh \
	%D%/pairs/rooms.sh \
	%D%/pairs/rooms_cut.sh \
	%D%/pairs/rooms_limited.sh \
	%D%/pairs/rooms_offers.sh \
	%D%/pairs/rooms_refused.sh \
	%D%/pairs/rooms_service.sh \
	%D%/pairs/rooms_signed.sh \
	%D%/pairs/softhsm.sh \
	%D%/pairs/softoken.sh \
	%D%/pairs/transports.sh \
	%D%/pairs/walk.sh \
	%D%/plain.sh \
	%D%/resync.sh \
	%D%/services.sh \
	%D%/readme.sh \
	%D%/sealed.sh \
	%D%/replay.sh \
	%D%/security.sh \
	%D%/sheet.sh \
	%D%/shell.sh \
	%D%/softhsm/badinput.sh \
	%D%/softhsm/canary.sh \
	%D%/softhsm/confine.sh \
	%D%/softhsm/changed.sh \
	%D%/softhsm/calls.sh \
	%D%/softhsm/ceremony.sh \
	%D%/softhsm/deviated.sh \
	%D%/softhsm/dialect.sh \
	%D%/nss/same.sh \
	%D%/softhsm/handles.sh \
	%D%/softhsm/listing.sh \
	%D%/softhsm/locks.sh \
	%D%/softhsm/users.sh \
	%D%/softhsm/gates.sh \
	%D%/softhsm/sign.sh \
	%D%/softhsm/pipes.sh \
	%D%/softhsm/rehearse.sh \
	%D%/softhsm/rehearsal.sh \
	%D%/doctor.sh \
	%D%/package.sh \
	%D%/softhsm/chosen.sh \
	%D%/softhsm/exactly_one.sh \
	%D%/softhsm/oneblob.sh \
	%D%/softhsm/seal.sh \
	%D%/softhsm/sessions.sh \
	%D%/softhsm/undo.sh \
	%D%/ssh/ssh.sh \
	%D%/ssh/sweep.sh \
	%D%/ssh/locks.sh \
	%D%/ssh/screen.sh \
	%D%/tmux/back.sh \
	%D%/tmux/bytes.sh \
	%D%/tmux/devices.sh \
	%D%/tmux/exits.sh \
	%D%/tmux/gates.sh \
	%D%/tmux/guide.sh \
	%D%/tmux/happy.sh \
	%D%/tmux/keys.sh \
	%D%/tmux/memory.sh \
	%D%/tmux/pace.sh \
	%D%/tmux/pair.sh \
	%D%/tmux/replay.sh \
	%D%/tmux/resume.sh \
	%D%/tmux/removed.sh \
	%D%/tmux/retire.sh \
	%D%/tmux/ledger.sh \
	%D%/tmux/map.sh \
	%D%/tmux/room.sh \
	%D%/tmux/rooms.sh \
	%D%/tmux/officers.sh \
	%D%/tmux/same.sh \
	%D%/tmux/screen.sh \
	%D%/tmux/script.sh \
	%D%/tmux/seal.sh \
	%D%/tmux/setup.sh \
	%D%/tmux/trouble.sh \
	%D%/verify.sh \
	%D%/words.sh
TESTS += $(shell_tests)
EXTRA_DIST += $(shell_tests) \
	%D%/pairs/walk.py \
	%D%/house.kept \
	%D%/words.kept \
	%D%/house.py \
	%D%/golden/kept \
	%D%/golden/normal.py \
	%D%/auditor.py \
	%D%/badinput/lib.sh \
	%D%/ends.sh \
	%D%/faults/agent.py \
	%D%/faults/invariants.py \
	%D%/faults/lies.py \
	%D%/faults/raw.py \
	%D%/faults/removals.py \
	%D%/faults/sweep.py \
	%D%/forge.py \
	%D%/forgery.py \
	%D%/record.py \
	%D%/records.py \
	%D%/json_check.py \
	%D%/sheet_page.py \
	%D%/kept \
	%D%/lib.sh \
	%D%/opencryptoki/fresh.sh \
	%D%/opencryptoki/start.sh \
	%D%/pairs/fidelity.py \
	%D%/pairs/fill.py \
	%D%/pairs/hand.py \
	%D%/field/halves.py \
	%D%/field/lib.sh \
	%D%/pairs/lib.sh \
	%D%/pairs/lengths.py \
	%D%/pairs/matrix.py \
	%D%/pairs/nss_hand.py \
	%D%/pairs/pkcs11_hand.py \
	%D%/pairs/companions.py \
	%D%/pairs/compare.py \
	%D%/pairs/retire.py \
	%D%/pairs/rooms.py \
	%D%/pairs/rooms_guess.py \
	%D%/pairs/rooms_cut.py \
	%D%/pairs/rooms_limited.py \
	%D%/pairs/rooms_offers.py \
	%D%/pairs/rooms_refused.py \
	%D%/pairs/rooms_service.py \
	%D%/pairs/rooms_signed.py \
	%D%/pairs/libp11_sign.py \
	%D%/pairs/rights.py \
	%D%/pairs/sides.py \
	%D%/read_report.py \
	%D%/replay.py \
	%D%/report_page.py \
	%D%/bare.sh \
	%D%/coverage.kept \
	%D%/coverage.py \
	%D%/coverage.sh \
	%D%/run.sh \
	%D%/syslog.py \
	%D%/slowest.sh \
	%D%/softhsm/seal_clients.mjs \
	%D%/softhsm/confine.py \
	%D%/softhsm/known.py \
	%D%/softhsm/memory.py \
	%D%/softhsm/outside.py \
	%D%/softhsm/pipes.py \
	%D%/softhsm/snapshot.py \
	%D%/softhsm/tap.sh \
	%D%/softhsm/tokens.py \
	%D%/softhsm/two.sh \
	%D%/ssh/lib.sh \
	%D%/packages.sh \
	%D%/suites.sh \
	%D%/suites/agreed.sh \
	%D%/suites/lib.sh \
	%D%/newer_places.sh \
	%D%/suites/newer.sh \
	%D%/suites/oneblob.sh \
	%D%/suites/quantum.sh \
	%D%/terminal.py \
	%D%/tmux/bytes.py \
	%D%/tmux/guide.py \
	%D%/tmux/normal.py \
	%D%/tmux/lib.sh

# A console for which time stands still: for captures.sh.
check_PROGRAMS += %D%/tmux/still.so
%C%_tmux_still_so_CFLAGS = $(STD_CFLAGS) $(WARN_CFLAGS) -D_GNU_SOURCE -fPIC
%C%_tmux_still_so_LDFLAGS = -shared
%C%_tmux_still_so_SOURCES = %D%/tmux/still.c
EXTRA_DIST += %D%/tmux/captures.sh

# What a replay knows at the end of a journal: for replay.py.
check_PROGRAMS += %D%/suites/newer_keys
%C%_suites_newer_keys_CFLAGS = $(AM_CFLAGS) $(P11KIT_CFLAGS)
%C%_suites_newer_keys_SOURCES = %D%/suites/newer_keys.c
check_PROGRAMS += %D%/replay_state
%C%_replay_state_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
%C%_replay_state_LDADD = libui.a $(RECORD) libconfig.a libceremony.a libsealed.a $(HSM) libbase.a \
	$(CYAML_LIBS) $(YAML_LIBS) $(PROTOBUF_LIBS) $(CRYPTO_LIBS)
%C%_replay_state_SOURCES = %D%/replay_state.c src/cmd/recorded.c src/cmd/recorded.h

# A record of thousands of keys: for record.sh.
check_PROGRAMS += %D%/multiply
%C%_multiply_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
%C%_multiply_LDADD = $(RECORD) $(HSM) libbase.a $(YAML_LIBS) $(CRYPTO_LIBS)
%C%_multiply_SOURCES = %D%/multiply.c

# The work of reading it: the code that does this counts each of its blocks that runs.
check_PROGRAMS += %D%/record_work
%C%_record_work_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
%C%_record_work_LDADD = librecordwork.a libui.a $(RECORD) libconfig.a libceremony.a libconfine.a \
	$(HSM) libbase.a $(CYAML_LIBS) $(YAML_LIBS) $(PROTOBUF_LIBS) $(CRYPTO_LIBS) $(SECCOMP_LIBS)
%C%_record_work_SOURCES = %D%/record_work.c src/cmd/confinement.c src/cmd/confinement.h
check_LIBRARIES += librecordwork.a
librecordwork_a_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) -fsanitize-coverage=trace-pc
librecordwork_a_SOURCES = $(libjournal_a_SOURCES) src/base/compact.c src/cmd/find_interrupted.c \
	src/cmd/recorded.c src/report/document.c src/report/key_groups.c src/report/key_profiles.c \
	src/report/report_keys.c src/report/sheet_keys.c src/report/sheet_proofs.c \
	src/report/sheet_text.c src/report/sheet_view.c src/report/signing_sheet.c \
	src/report/verify.c src/report/verify_rules.c src/report/verify_steps.c \
	src/report/verify_trail.c src/report/yaml_tree.c src/report/yaml_writer.c \
	ui/model/replay.c ui/model/replay_app.c ui/model/run.c ui/model/failing.c ui/model/run_file.c ui/model/run_keys.c \
	ui/model/run_versions.c ui/model/texts.c

# A bundle of thousands of keys: for sealed.sh.
check_PROGRAMS += %D%/sealed_many
%C%_sealed_many_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
%C%_sealed_many_LDADD = libsealed.a $(HSM) libbase.a $(YAML_LIBS) $(CRYPTO_LIBS)
%C%_sealed_many_SOURCES = %D%/sealed_many.c %D%/unit/sealed_fixture.c %D%/unit/sealed_fixture.h

# The schemas of sealed files, as the table of their fields has them: for sealed.sh.
check_PROGRAMS += %D%/sealed_schema
%C%_sealed_schema_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
%C%_sealed_schema_LDADD = libsealed.a $(HSM) libbase.a $(YAML_LIBS) $(CRYPTO_LIBS)
%C%_sealed_schema_SOURCES = %D%/sealed_schema.c %D%/unit/sealed_fixture.c %D%/unit/sealed_fixture.h

# Every call of a ceremony with every fault, a kill at every system call of a commit, and a connection that
# fails at every message; the same of a resync, and of removals; on all cores: more than an hour of two.
faults: all
	$(MAKE) $(AM_MAKEFLAGS) check TESTS=
	/usr/bin/python3 $(srcdir)/tests/faults/sweep.py . --link 1 --double 500 --kill 300
	/usr/bin/python3 $(srcdir)/tests/faults/sweep.py . --resync --pair softhsm:softhsm \
		--pair softhsm:nss --pair nss:softhsm --double 150 --kill 90
	/usr/bin/python3 $(srcdir)/tests/faults/removals.py . --double 60 --kill 40
.PHONY: faults

# Two thousand lies of a module: ten minutes of two cores.
LIES = 2000
lies: all
	$(MAKE) $(AM_MAKEFLAGS) check TESTS=
	/usr/bin/python3 $(srcdir)/tests/faults/lies.py . --runs $(LIES)
.PHONY: lies

# How much of the source the tests reach: half an hour of two cores.
coverage:
	sh $(srcdir)/tests/coverage.sh coverage
.PHONY: coverage

include %D%/bench/local.mk
