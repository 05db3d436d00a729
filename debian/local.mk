# SPDX-License-Identifier: Apache-2.0
# Debian packages, from the archive of make dist, in the folder "packages" of the build.
EXTRA_DIST += \
	%D%/changelog.in \
	%D%/control \
	%D%/copyright \
	%D%/deb.sh \
	%D%/hsmferry-doc.docs \
	%D%/hsmferry-doc.examples \
	%D%/hsmferry.install \
	%D%/hsmferry.postrm \
	%D%/hsmferry.tmpfiles \
	%D%/rules \
	%D%/sbom.sh \
	%D%/source/format \
	%D%/tests/control \
	%D%/tests/rehearsal

deb: dist
	SOURCE_DATE_EPOCH="$${SOURCE_DATE_EPOCH:-$$(git -C '$(srcdir)' log -1 --format=%ct 2>/dev/null)}" \
		$(SHELL) '$(srcdir)/%D%/deb.sh' '$(distdir).tar.gz' '$(PACKAGE_VERSION)' packages
.PHONY: deb
