# SPDX-License-Identifier: Apache-2.0
# The guides. make pdf puts them and the manual pages into one file; doc/pdf.py says what it needs.
guides = README.md SECURITY.md %D%/officers.md %D%/script.md %D%/integrator.md
dist_doc_DATA = $(guides)
EXTRA_DIST += %D%/bench.md %D%/bench.svg %D%/ceremony.svg %D%/coverage.md %D%/end.svg %D%/fingerprint.svg \
	%D%/inventory.svg %D%/pdf.py %D%/pictures.sh %D%/review.svg %D%/svg.awk %D%/verification.svg

pdf-local: hsmferry.pdf
hsmferry.pdf: $(guides) $(dist_man_MANS) %D%/pdf.py
	$(AM_V_GEN)/usr/bin/python3 $(srcdir)/%D%/pdf.py $(srcdir) $@ $(PACKAGE_VERSION)
CLEANFILES += hsmferry.pdf
