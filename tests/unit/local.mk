# SPDX-License-Identifier: Apache-2.0
# One block for each program. It links what it tests and nothing above that.
if HAVE_CMOCKA
check_PROGRAMS += %D%/test_half
TESTS += %D%/test_half
%C%_test_half_SOURCES = %D%/test_half.c
%C%_test_half_CFLAGS = $(UNIT_CFLAGS)
%C%_test_half_LDADD = $(UNIT_CEREMONY)

check_PROGRAMS += %D%/test_ask
TESTS += %D%/test_ask
%C%_test_ask_SOURCES = %D%/test_ask.c
%C%_test_ask_CFLAGS = $(UNIT_CFLAGS)
%C%_test_ask_LDADD = $(UNIT_UI)

check_PROGRAMS += %D%/test_attacks
TESTS += %D%/test_attacks
%C%_test_attacks_SOURCES = %D%/test_attacks.c
%C%_test_attacks_CFLAGS = $(UNIT_CFLAGS)
%C%_test_attacks_LDADD = libfake.a $(UNIT_CEREMONY)

check_PROGRAMS += %D%/test_box
TESTS += %D%/test_box
%C%_test_box_SOURCES = %D%/test_box.c
%C%_test_box_CFLAGS = $(UNIT_CFLAGS)
%C%_test_box_LDADD = libload.a libhsm.a libconfine.a $(UNIT_BASE) $(SECCOMP_LIBS)

check_PROGRAMS += %D%/test_route
TESTS += %D%/test_route
%C%_test_route_SOURCES = %D%/test_route.c
%C%_test_route_CFLAGS = $(UNIT_CFLAGS)
%C%_test_route_LDADD = $(UNIT_BASE)

check_PROGRAMS += %D%/test_starter
TESTS += %D%/test_starter
%C%_test_starter_SOURCES = %D%/test_starter.c
%C%_test_starter_CFLAGS = $(UNIT_CFLAGS)
%C%_test_starter_LDADD = $(UNIT_HSM)

check_PROGRAMS += %D%/test_ceremony
TESTS += %D%/test_ceremony
%C%_test_ceremony_SOURCES = %D%/test_ceremony.c
%C%_test_ceremony_CFLAGS = $(UNIT_CFLAGS)
%C%_test_ceremony_LDADD = libfake.a $(UNIT_CEREMONY)

check_PROGRAMS += %D%/test_resync
TESTS += %D%/test_resync
%C%_test_resync_SOURCES = %D%/test_resync.c
%C%_test_resync_CFLAGS = $(UNIT_CFLAGS)
%C%_test_resync_LDADD = libfake.a $(UNIT_CEREMONY)

check_PROGRAMS += %D%/test_removal
TESTS += %D%/test_removal
%C%_test_removal_SOURCES = %D%/test_removal.c
%C%_test_removal_CFLAGS = $(UNIT_CFLAGS)
%C%_test_removal_LDADD = libfake.a $(UNIT_CEREMONY)

check_PROGRAMS += %D%/test_windows
TESTS += %D%/test_windows
%C%_test_windows_SOURCES = %D%/test_windows.c
%C%_test_windows_CFLAGS = $(UNIT_CFLAGS)
%C%_test_windows_LDADD = libfake.a $(UNIT_CEREMONY)

check_PROGRAMS += %D%/test_evidence
TESTS += %D%/test_evidence
%C%_test_evidence_SOURCES = %D%/test_evidence.c
%C%_test_evidence_CFLAGS = $(UNIT_CFLAGS)
%C%_test_evidence_LDADD = libfake.a $(UNIT_CEREMONY)

check_PROGRAMS += %D%/test_kcv
TESTS += %D%/test_kcv
%C%_test_kcv_SOURCES = %D%/test_kcv.c
%C%_test_kcv_CFLAGS = $(UNIT_CFLAGS)
%C%_test_kcv_LDADD = libfake.a $(UNIT_CEREMONY)

check_PROGRAMS += %D%/test_ckr
TESTS += %D%/test_ckr
%C%_test_ckr_SOURCES = %D%/test_ckr.c
%C%_test_ckr_CFLAGS = $(UNIT_CFLAGS) $(P11KIT_CFLAGS)
%C%_test_ckr_LDADD = $(UNIT_PKCS11)

check_PROGRAMS += %D%/test_compact
TESTS += %D%/test_compact
%C%_test_compact_SOURCES = %D%/test_compact.c
%C%_test_compact_CFLAGS = $(UNIT_CFLAGS)
%C%_test_compact_LDADD = $(UNIT_BASE)

check_PROGRAMS += %D%/test_config
TESTS += %D%/test_config
%C%_test_config_SOURCES = %D%/test_config.c
%C%_test_config_CFLAGS = $(UNIT_CFLAGS)
%C%_test_config_LDADD = libconfig.a $(RECORD) $(UNIT_CEREMONY) $(CYAML_LIBS) \
	$(YAML_LIBS)

check_PROGRAMS += %D%/test_recent
TESTS += %D%/test_recent
%C%_test_recent_SOURCES = %D%/test_recent.c
%C%_test_recent_CFLAGS = $(UNIT_CFLAGS)
%C%_test_recent_LDADD = libconfig.a $(RECORD) $(UNIT_CEREMONY) $(CYAML_LIBS) \
	$(YAML_LIBS)

check_PROGRAMS += %D%/test_dialect
TESTS += %D%/test_dialect
%C%_test_dialect_SOURCES = %D%/test_dialect.c
%C%_test_dialect_CFLAGS = $(UNIT_CFLAGS)
%C%_test_dialect_LDADD = $(UNIT_PKCS11)

check_PROGRAMS += %D%/test_err
TESTS += %D%/test_err
%C%_test_err_SOURCES = %D%/test_err.c
%C%_test_err_CFLAGS = $(UNIT_CFLAGS)
%C%_test_err_LDADD = $(UNIT_BASE)

check_PROGRAMS += %D%/test_fake
TESTS += %D%/test_fake
%C%_test_fake_SOURCES = %D%/test_fake.c
%C%_test_fake_CFLAGS = $(UNIT_CFLAGS)
%C%_test_fake_LDADD = libfake.a $(UNIT_HSM)

check_PROGRAMS += %D%/test_tightening
TESTS += %D%/test_tightening
%C%_test_tightening_SOURCES = %D%/test_tightening.c
%C%_test_tightening_CFLAGS = $(UNIT_CFLAGS)
%C%_test_tightening_LDADD = $(UNIT_HSM)

check_PROGRAMS += %D%/test_fidelity
TESTS += %D%/test_fidelity
%C%_test_fidelity_SOURCES = %D%/test_fidelity.c
%C%_test_fidelity_CFLAGS = $(UNIT_CFLAGS)
%C%_test_fidelity_LDADD = $(UNIT_HSM)

check_PROGRAMS += %D%/test_frame
TESTS += %D%/test_frame
%C%_test_frame_SOURCES = %D%/test_frame.c
%C%_test_frame_CFLAGS = $(UNIT_CFLAGS)
%C%_test_frame_LDADD = $(UNIT_HSM)

check_PROGRAMS += %D%/test_gatekeeper
TESTS += %D%/test_gatekeeper
%C%_test_gatekeeper_SOURCES = %D%/test_gatekeeper.c
%C%_test_gatekeeper_CFLAGS = $(UNIT_CFLAGS)
%C%_test_gatekeeper_LDADD = $(UNIT_CEREMONY)

check_PROGRAMS += %D%/test_sealing
TESTS += %D%/test_sealing
%C%_test_sealing_SOURCES = %D%/test_sealing.c
%C%_test_sealing_CFLAGS = $(UNIT_CFLAGS)
%C%_test_sealing_LDADD = $(UNIT_CEREMONY)

check_PROGRAMS += %D%/test_steps
TESTS += %D%/test_steps
%C%_test_steps_SOURCES = %D%/test_steps.c
%C%_test_steps_CFLAGS = $(UNIT_CFLAGS)
%C%_test_steps_LDADD = libfake.a $(UNIT_CEREMONY)

check_PROGRAMS += %D%/test_history
TESTS += %D%/test_history
%C%_test_history_SOURCES = %D%/test_history.c
%C%_test_history_CFLAGS = $(UNIT_CFLAGS)
%C%_test_history_LDADD = $(RECORD) $(UNIT_HSM) $(YAML_LIBS)

check_PROGRAMS += %D%/test_journal
TESTS += %D%/test_journal
%C%_test_journal_SOURCES = %D%/test_journal.c
%C%_test_journal_CFLAGS = $(UNIT_CFLAGS)
%C%_test_journal_LDADD = $(RECORD) $(UNIT_HSM) $(YAML_LIBS)

check_PROGRAMS += %D%/test_key
TESTS += %D%/test_key
%C%_test_key_SOURCES = %D%/test_key.c
%C%_test_key_CFLAGS = $(UNIT_CFLAGS)
%C%_test_key_LDADD = $(UNIT_HSM)

check_PROGRAMS += %D%/test_key_groups
TESTS += %D%/test_key_groups
%C%_test_key_groups_SOURCES = %D%/test_key_groups.c
%C%_test_key_groups_CFLAGS = $(UNIT_CFLAGS)
%C%_test_key_groups_LDADD = $(RECORD) $(UNIT_HSM) $(YAML_LIBS)

check_PROGRAMS += %D%/test_json_writer
TESTS += %D%/test_json_writer
%C%_test_json_writer_SOURCES = %D%/test_json_writer.c
%C%_test_json_writer_CFLAGS = $(UNIT_CFLAGS)
%C%_test_json_writer_LDADD = $(UNIT_BASE)

check_PROGRAMS += %D%/test_list
TESTS += %D%/test_list
%C%_test_list_SOURCES = %D%/test_list.c
%C%_test_list_CFLAGS = $(UNIT_CFLAGS)
%C%_test_list_LDADD = $(UNIT_UI)

check_PROGRAMS += %D%/test_lock
TESTS += %D%/test_lock
%C%_test_lock_SOURCES = %D%/test_lock.c
%C%_test_lock_CFLAGS = $(UNIT_CFLAGS)
%C%_test_lock_LDADD = $(UNIT_BASE)

check_PROGRAMS += %D%/test_pin
TESTS += %D%/test_pin
%C%_test_pin_SOURCES = %D%/test_pin.c
%C%_test_pin_CFLAGS = $(UNIT_CFLAGS)
%C%_test_pin_LDADD = $(UNIT_BASE)

check_PROGRAMS += %D%/test_pkcs11_lies
TESTS += %D%/test_pkcs11_lies
%C%_test_pkcs11_lies_SOURCES = %D%/test_pkcs11_lies.c
%C%_test_pkcs11_lies_CFLAGS = $(UNIT_CFLAGS) $(P11KIT_CFLAGS)
%C%_test_pkcs11_lies_LDADD = $(UNIT_PKCS11)

check_PROGRAMS += %D%/test_pkcs11_loose
TESTS += %D%/test_pkcs11_loose
%C%_test_pkcs11_loose_SOURCES = %D%/test_pkcs11_loose.c
%C%_test_pkcs11_loose_CFLAGS = $(UNIT_CFLAGS) $(P11KIT_CFLAGS)
%C%_test_pkcs11_loose_LDADD = $(UNIT_PKCS11)

check_PROGRAMS += %D%/test_plain
TESTS += %D%/test_plain
%C%_test_plain_SOURCES = %D%/test_plain.c
%C%_test_plain_CFLAGS = $(UNIT_CFLAGS)
%C%_test_plain_LDADD = $(UNIT_UI)

check_PROGRAMS += %D%/test_plain_loop
TESTS += %D%/test_plain_loop
%C%_test_plain_loop_SOURCES = %D%/test_plain_loop.c
%C%_test_plain_loop_CFLAGS = $(UNIT_CFLAGS)
%C%_test_plain_loop_LDADD = $(UNIT_UI)

# The control: the loop as it was.
check_PROGRAMS += %D%/test_plain_loop_unmended
TESTS += %D%/test_plain_loop_unmended
%C%_test_plain_loop_unmended_SOURCES = %D%/test_plain_loop.c
nodist_%C%_test_plain_loop_unmended_SOURCES = %D%/unmended_loop.c
%C%_test_plain_loop_unmended_CFLAGS = $(UNIT_CFLAGS) -DUNMENDED
%C%_test_plain_loop_unmended_LDADD = $(UNIT_UI)
CLEANFILES += %D%/unmended_loop.c
%D%/unmended_loop.c: ui/plain/plain_loop.c
	@$(MKDIR_P) $(@D)
	$(AM_V_GEN)sed 's/ && commands\[l->command\]\.what != WORKER_RUN//' $< >$@.part
	$(AM_V_at)! cmp -s $< $@.part && mv $@.part $@

check_PROGRAMS += %D%/test_plan
TESTS += %D%/test_plan
%C%_test_plan_SOURCES = %D%/test_plan.c
%C%_test_plan_CFLAGS = $(UNIT_CFLAGS)
%C%_test_plan_LDADD = $(UNIT_CEREMONY)

check_PROGRAMS += %D%/test_map
TESTS += %D%/test_map
%C%_test_map_SOURCES = %D%/test_map.c
%C%_test_map_CFLAGS = $(UNIT_CFLAGS)
%C%_test_map_LDADD = $(UNIT_CEREMONY)

check_PROGRAMS += %D%/test_companion
TESTS += %D%/test_companion
%C%_test_companion_SOURCES = %D%/test_companion.c
%C%_test_companion_CFLAGS = $(UNIT_CFLAGS)
%C%_test_companion_LDADD = $(UNIT_CEREMONY)

check_PROGRAMS += %D%/test_script
TESTS += %D%/test_script
%C%_test_script_SOURCES = %D%/test_script.c
%C%_test_script_CFLAGS = $(UNIT_CFLAGS)
%C%_test_script_LDADD = $(UNIT_CEREMONY)

# Its subjects count each block of their code that runs.
check_PROGRAMS += %D%/test_script_work
TESTS += %D%/test_script_work
%C%_test_script_work_SOURCES = %D%/test_script_work.c
%C%_test_script_work_CFLAGS = $(UNIT_CFLAGS)
%C%_test_script_work_LDADD = libcounted.a $(UNIT_CEREMONY)
check_LIBRARIES += libcounted.a
libcounted_a_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) -fsanitize-coverage=trace-pc
libcounted_a_SOURCES = src/ceremony/script_watch.c src/plan/explained.c src/plan/name_index.c \
	src/plan/script.c

check_PROGRAMS += %D%/test_policy
TESTS += %D%/test_policy
%C%_test_policy_SOURCES = %D%/test_policy.c
%C%_test_policy_CFLAGS = $(UNIT_CFLAGS)
%C%_test_policy_LDADD = $(UNIT_CEREMONY)

check_PROGRAMS += %D%/test_remote
TESTS += %D%/test_remote
%C%_test_remote_SOURCES = %D%/test_remote.c
%C%_test_remote_CFLAGS = $(UNIT_CFLAGS) $(PROTOBUF_CFLAGS)
%C%_test_remote_LDADD = $(UNIT_HSM)

check_PROGRAMS += %D%/test_replay
TESTS += %D%/test_replay
%C%_test_replay_SOURCES = %D%/test_replay.c %D%/ui_fixture.c %D%/ui_fixture.h
%C%_test_replay_CFLAGS = $(UNIT_CFLAGS)
%C%_test_replay_LDADD = $(UNIT_UI)

check_PROGRAMS += %D%/test_report
TESTS += %D%/test_report
%C%_test_report_SOURCES = %D%/test_report.c
%C%_test_report_CFLAGS = $(UNIT_CFLAGS) $(YAML_CFLAGS)
%C%_test_report_LDADD = $(RECORD) $(UNIT_HSM) $(YAML_LIBS)

check_PROGRAMS += %D%/test_sheet
TESTS += %D%/test_sheet
%C%_test_sheet_SOURCES = %D%/test_sheet.c
%C%_test_sheet_CFLAGS = $(UNIT_CFLAGS)
%C%_test_sheet_LDADD = $(RECORD) $(UNIT_HSM) $(YAML_LIBS)

check_PROGRAMS += %D%/test_sealed
TESTS += %D%/test_sealed
%C%_test_sealed_SOURCES = %D%/test_sealed.c %D%/sealed_fixture.c %D%/sealed_fixture.h
%C%_test_sealed_CFLAGS = $(UNIT_CFLAGS)
%C%_test_sealed_LDADD = libsealed.a $(UNIT_CEREMONY) $(YAML_LIBS)

check_PROGRAMS += %D%/test_sealed_fields
TESTS += %D%/test_sealed_fields
%C%_test_sealed_fields_SOURCES = %D%/test_sealed_fields.c %D%/sealed_fixture.c %D%/sealed_fixture.h
%C%_test_sealed_fields_CFLAGS = $(UNIT_CFLAGS)
%C%_test_sealed_fields_LDADD = libsealed.a $(UNIT_CEREMONY) $(YAML_LIBS)

check_PROGRAMS += %D%/test_sealed_read
TESTS += %D%/test_sealed_read
%C%_test_sealed_read_SOURCES = %D%/test_sealed_read.c %D%/sealed_fixture.c %D%/sealed_fixture.h
%C%_test_sealed_read_CFLAGS = $(UNIT_CFLAGS)
%C%_test_sealed_read_LDADD = libsealed.a $(UNIT_CEREMONY) $(YAML_LIBS)

check_PROGRAMS += %D%/test_secret
TESTS += %D%/test_secret
%C%_test_secret_SOURCES = %D%/test_secret.c
%C%_test_secret_CFLAGS = $(UNIT_CFLAGS)
%C%_test_secret_LDADD = $(UNIT_BASE)

check_PROGRAMS += %D%/test_key_agreement
TESTS += %D%/test_key_agreement
%C%_test_key_agreement_SOURCES = %D%/test_key_agreement.c
%C%_test_key_agreement_CFLAGS = $(UNIT_CFLAGS)
%C%_test_key_agreement_LDADD = $(UNIT_HSM)

check_PROGRAMS += %D%/test_public_index
TESTS += %D%/test_public_index
%C%_test_public_index_SOURCES = %D%/test_public_index.c
%C%_test_public_index_CFLAGS = $(UNIT_CFLAGS) $(P11KIT_CFLAGS)
%C%_test_public_index_LDFLAGS = -Wl,--export-dynamic-symbol=C_GetFunctionList
%C%_test_public_index_LDADD = libapp.a $(UNIT_BASE)

check_PROGRAMS += %D%/test_ml_kem
TESTS += %D%/test_ml_kem
%C%_test_ml_kem_SOURCES = %D%/test_ml_kem.c
%C%_test_ml_kem_CFLAGS = $(UNIT_CFLAGS) $(P11KIT_CFLAGS)
%C%_test_ml_kem_LDADD = $(UNIT_PKCS11)

check_PROGRAMS += %D%/test_spki
TESTS += %D%/test_spki
%C%_test_spki_SOURCES = %D%/test_spki.c
%C%_test_spki_CFLAGS = $(UNIT_CFLAGS) $(P11KIT_CFLAGS)
%C%_test_spki_LDADD = $(UNIT_PKCS11)

check_PROGRAMS += %D%/test_store
TESTS += %D%/test_store
%C%_test_store_SOURCES = %D%/test_store.c
%C%_test_store_CFLAGS = $(UNIT_CFLAGS)
%C%_test_store_LDADD = $(UNIT_BASE)

check_PROGRAMS += %D%/test_handles
TESTS += %D%/test_handles
%C%_test_handles_SOURCES = %D%/test_handles.c
%C%_test_handles_CFLAGS = $(UNIT_CFLAGS)
%C%_test_handles_LDADD = $(UNIT_HSM)

check_PROGRAMS += %D%/test_readers
TESTS += %D%/test_readers
%C%_test_readers_SOURCES = %D%/test_readers.c
%C%_test_readers_CFLAGS = $(UNIT_CFLAGS)
%C%_test_readers_LDADD = libagent.a $(UNIT_HSM)

check_PROGRAMS += %D%/test_randomart
TESTS += %D%/test_randomart
%C%_test_randomart_SOURCES = %D%/test_randomart.c
%C%_test_randomart_CFLAGS = $(UNIT_CFLAGS)
%C%_test_randomart_LDADD = $(UNIT_BASE)

check_PROGRAMS += %D%/test_search
TESTS += %D%/test_search
%C%_test_search_SOURCES = %D%/test_search.c
%C%_test_search_CFLAGS = $(UNIT_CFLAGS)
%C%_test_search_LDADD = $(UNIT_BASE)

check_PROGRAMS += %D%/test_text
TESTS += %D%/test_text
%C%_test_text_SOURCES = %D%/test_text.c
%C%_test_text_CFLAGS = $(UNIT_CFLAGS)
%C%_test_text_LDADD = $(UNIT_BASE)

check_PROGRAMS += %D%/test_vendor_output
TESTS += %D%/test_vendor_output
%C%_test_vendor_output_SOURCES = %D%/test_vendor_output.c
%C%_test_vendor_output_CFLAGS = $(UNIT_CFLAGS)
%C%_test_vendor_output_LDADD = $(UNIT_HSM)

check_PROGRAMS += %D%/test_trace
TESTS += %D%/test_trace
%C%_test_trace_SOURCES = %D%/test_trace.c
%C%_test_trace_CFLAGS = $(UNIT_CFLAGS)
%C%_test_trace_LDADD = libfake.a $(UNIT_CEREMONY)

check_PROGRAMS += %D%/test_transport_key
TESTS += %D%/test_transport_key
%C%_test_transport_key_SOURCES = %D%/test_transport_key.c
%C%_test_transport_key_CFLAGS = $(UNIT_CFLAGS)
%C%_test_transport_key_LDADD = $(UNIT_CEREMONY)

check_PROGRAMS += %D%/test_ui_app
TESTS += %D%/test_ui_app
%C%_test_ui_app_SOURCES = %D%/test_ui_app.c %D%/ui_fixture.c %D%/ui_fixture.h
%C%_test_ui_app_CFLAGS = $(UNIT_CFLAGS)
%C%_test_ui_app_LDADD = $(UNIT_UI)

check_PROGRAMS += %D%/test_ui_inventory
TESTS += %D%/test_ui_inventory
%C%_test_ui_inventory_SOURCES = %D%/test_ui_inventory.c %D%/ui_fixture.c %D%/ui_fixture.h
%C%_test_ui_inventory_CFLAGS = $(UNIT_CFLAGS)
%C%_test_ui_inventory_LDADD = $(UNIT_UI)

check_PROGRAMS += %D%/test_ui_layout
TESTS += %D%/test_ui_layout
%C%_test_ui_layout_SOURCES = %D%/test_ui_layout.c
%C%_test_ui_layout_CFLAGS = $(UNIT_CFLAGS)
%C%_test_ui_layout_LDADD = $(UNIT_UI)

check_PROGRAMS += %D%/test_ui_card
TESTS += %D%/test_ui_card
%C%_test_ui_card_SOURCES = %D%/test_ui_card.c %D%/ui_fixture.c %D%/ui_fixture.h
%C%_test_ui_card_CFLAGS = $(UNIT_CFLAGS)
%C%_test_ui_card_LDADD = $(UNIT_UI)

check_PROGRAMS += %D%/test_ui_map
TESTS += %D%/test_ui_map
%C%_test_ui_map_SOURCES = %D%/test_ui_map.c %D%/ui_fixture.c %D%/ui_fixture.h
%C%_test_ui_map_CFLAGS = $(UNIT_CFLAGS)
%C%_test_ui_map_LDADD = $(UNIT_UI)

check_PROGRAMS += %D%/test_ui_parts
TESTS += %D%/test_ui_parts
%C%_test_ui_parts_SOURCES = %D%/test_ui_parts.c
%C%_test_ui_parts_CFLAGS = $(UNIT_CFLAGS)
%C%_test_ui_parts_LDADD = $(UNIT_UI) -lm

check_PROGRAMS += %D%/test_ui_reader
TESTS += %D%/test_ui_reader
%C%_test_ui_reader_SOURCES = %D%/test_ui_reader.c
%C%_test_ui_reader_CFLAGS = $(UNIT_CFLAGS)
%C%_test_ui_reader_LDADD = $(UNIT_UI)

check_PROGRAMS += %D%/test_ui_gates
TESTS += %D%/test_ui_gates
%C%_test_ui_gates_SOURCES = %D%/test_ui_gates.c %D%/ui_fixture.c %D%/ui_fixture.h
%C%_test_ui_gates_CFLAGS = $(UNIT_CFLAGS)
%C%_test_ui_gates_LDADD = $(UNIT_UI)

check_PROGRAMS += %D%/test_ledger
TESTS += %D%/test_ledger
%C%_test_ledger_SOURCES = %D%/test_ledger.c %D%/ui_fixture.c %D%/ui_fixture.h
%C%_test_ledger_CFLAGS = $(UNIT_CFLAGS)
%C%_test_ledger_LDADD = $(UNIT_UI)

check_PROGRAMS += %D%/test_ui_screen
TESTS += %D%/test_ui_screen
%C%_test_ui_screen_SOURCES = %D%/test_ui_screen.c %D%/ui_fixture.c %D%/ui_fixture.h
%C%_test_ui_screen_CFLAGS = $(UNIT_CFLAGS)
%C%_test_ui_screen_LDADD = $(UNIT_UI)

check_PROGRAMS += %D%/test_uri
TESTS += %D%/test_uri
%C%_test_uri_SOURCES = %D%/test_uri.c
%C%_test_uri_CFLAGS = $(UNIT_CFLAGS)
%C%_test_uri_LDADD = $(UNIT_HSM)

check_PROGRAMS += %D%/test_uri_p11kit
TESTS += %D%/test_uri_p11kit
%C%_test_uri_p11kit_SOURCES = %D%/test_uri_p11kit.c
%C%_test_uri_p11kit_CFLAGS = $(UNIT_CFLAGS) $(P11KIT_CFLAGS)
%C%_test_uri_p11kit_LDADD = $(UNIT_HSM) $(P11KIT_LIBS)

check_PROGRAMS += %D%/test_p11_kit
TESTS += %D%/test_p11_kit
%C%_test_p11_kit_SOURCES = %D%/test_p11_kit.c
%C%_test_p11_kit_CFLAGS = $(UNIT_CFLAGS)
%C%_test_p11_kit_LDADD = $(UNIT_BASE)

check_PROGRAMS += %D%/test_variables
TESTS += %D%/test_variables
%C%_test_variables_SOURCES = %D%/test_variables.c
%C%_test_variables_CFLAGS = $(UNIT_CFLAGS)
%C%_test_variables_LDADD = $(UNIT_HSM)

check_PROGRAMS += %D%/test_wire
TESTS += %D%/test_wire
%C%_test_wire_SOURCES = %D%/test_wire.c
%C%_test_wire_CFLAGS = $(UNIT_CFLAGS)
%C%_test_wire_LDADD = $(UNIT_HSM)

check_PROGRAMS += %D%/test_evidence_key
TESTS += %D%/test_evidence_key
%C%_test_evidence_key_SOURCES = %D%/test_evidence_key.c
%C%_test_evidence_key_CFLAGS = $(UNIT_CFLAGS)
%C%_test_evidence_key_LDADD = $(UNIT_HSM)

check_PROGRAMS += %D%/test_wrap_alg
TESTS += %D%/test_wrap_alg
%C%_test_wrap_alg_SOURCES = %D%/test_wrap_alg.c
%C%_test_wrap_alg_CFLAGS = $(UNIT_CFLAGS)
%C%_test_wrap_alg_LDADD = $(UNIT_HSM)

check_PROGRAMS += %D%/test_sessions_number
TESTS += %D%/test_sessions_number
%C%_test_sessions_number_SOURCES = %D%/test_sessions_number.c
%C%_test_sessions_number_CFLAGS = $(UNIT_CFLAGS)
%C%_test_sessions_number_LDADD = libprotocol.a $(UNIT_BASE)

check_PROGRAMS += %D%/test_words
TESTS += %D%/test_words
%C%_test_words_SOURCES = %D%/test_words.c
%C%_test_words_CFLAGS = $(UNIT_CFLAGS)
%C%_test_words_LDADD = $(UNIT_BASE)

endif
