#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the Debian packages from a source archive of make dist, for "make deb":
#
#     deb.sh ARCHIVE VERSION OUT
#
# ARCHIVE is unpacked in a temporary folder; debian/changelog is made from its template, so that the version
# is that of configure.ac. SOURCE_DATE_EPOCH is the time of all files in the packages; without it, the time of
# the newest file in the archive. Two runs with the same archive yield the same packages.
set -eu

[ $# -eq 3 ] || { echo 'usage: deb.sh ARCHIVE VERSION OUT' >&2 && exit 64; }
archive=$1 version=$2 out=$3

for program in dpkg-buildpackage dh; do
    command -v "$program" >/dev/null || {
        echo "$program is missing. Install dpkg-dev and debhelper." >&2
        exit 69
    }
done
work=$(mktemp -d "${TMPDIR:-/tmp}/hsmferry-deb.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 99' HUP INT TERM

tar -C "$work" -xf "$archive"
tree=$work/hsmferry-$version
: "${SOURCE_DATE_EPOCH:=$(find "$tree" -type f -printf '%Ts\n' | sort -n | tail -n 1)}"
export SOURCE_DATE_EPOCH
sed -e "s/@VERSION@/$version/" \
    -e "s/@DATE@/$(LC_ALL=C date -u -d "@$SOURCE_DATE_EPOCH" '+%a, %d %b %Y %H:%M:%S +0000')/" \
    "$tree/debian/changelog.in" >"$tree/debian/changelog"
find "$tree" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
cd "$tree"
umask 022
dpkg-buildpackage -us -uc ${DEB_BUILD_WHAT:+"$DEB_BUILD_WHAT"} >"$work/log" 2>&1 </dev/null || {
    tail -n 60 "$work/log" >&2
    echo "The packages could not be built; the end of the log is above." >&2
    exit 69
}
mkdir -p "$out"
find "$work" -maxdepth 1 -type f ! -name log -exec cp -t "$out" {} +
ls "$out"/hsmferry*"_$version"*.deb
