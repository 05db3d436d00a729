# SPDX-License-Identifier: Apache-2.0
# The contract: one HSM, whatever its API.
noinst_LIBRARIES += libhsm.a
libhsm_a_SOURCES = \
	%D%/counterpart.c \
	%D%/counterpart.h \
	%D%/key_agreement.c \
	%D%/key_agreement.h \
	%D%/evidence_form.c \
	%D%/evidence_form.h \
	%D%/evidence_key.c \
	%D%/evidence_key.h \
	%D%/facts.c \
	%D%/facts.h \
	%D%/fidelity.c \
	%D%/fidelity.h \
	%D%/halves.c \
	%D%/halves.h \
	%D%/handles.c \
	%D%/handles.h \
	%D%/hsm.h \
	%D%/key.c \
	%D%/key.h \
	%D%/key_kind.c \
	%D%/key_kind.h \
	%D%/keyless.c \
	%D%/keyless.h \
	%D%/layers.c \
	%D%/layers.h \
	%D%/leave.c \
	%D%/leave.h \
	%D%/ml_kem.c \
	%D%/ml_kem.h \
	%D%/public_octets.c \
	%D%/public_octets.h \
	%D%/spki.c \
	%D%/spki.h \
	%D%/tightening.c \
	%D%/tightening.h \
	%D%/token_lock.c \
	%D%/token_lock.h \
	%D%/uri.c \
	%D%/uri.h \
	%D%/variables.c \
	%D%/variables.h \
	%D%/wrap_alg.c \
	%D%/wrap_alg.h
