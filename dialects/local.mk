# SPDX-License-Identifier: Apache-2.0
# How each vendor's HSM speaks PKCS#11. In a build tree the agent finds them next to itself.
dialectsdir = $(pkgdatadir)/dialects
dist_dialects_DATA = \
	%D%/aws-cloudhsm.yaml \
	%D%/generic-2.40.yaml \
	%D%/generic-3.x.yaml \
	%D%/luna.yaml \
	%D%/nshield.yaml \
	%D%/nss-softoken.yaml \
	%D%/opencryptoki.yaml \
	%D%/opencryptoki-3.27.yaml \
	%D%/softhsm.yaml \
	%D%/utimaco.yaml \
	%D%/yubihsm.yaml

all-local:
	@$(MKDIR_P) tests/faults
	@test -e dialects || $(LN_S) '$(abs_srcdir)/dialects' dialects
	@test -e tests/faults/dialects || $(LN_S) '$(abs_srcdir)/dialects' tests/faults/dialects
distclean-local:
	@test ! -L dialects || rm -f dialects
	@test ! -L tests/faults/dialects || rm -f tests/faults/dialects
