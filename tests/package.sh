#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# debian/ agrees with the tree: its version is that of configure.ac, its build needs what examples/packages.sh
# says, its files are in the source archive, and its list of libraries is what the programs are linked with.
# tests/packages.sh builds and installs the packages.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/lib.sh"

cd "$abs_top_srcdir" || exit
version=$(sed -n 's/^AC_INIT(\[hsmferry\], \[\(.*\)\], \[\], .*/\1/p' configure.ac)

ok "configure.ac has a version" test -n "$version"
# one_version FOLDER: no other file of the packaging, and no program, has one written into it.
one_version() {
    ! grep -rnE "hsmferry[ -_(]*\(?[0-9]+\.[0-9]" "$1" --include='*'
}
ok "debian/ has no version" one_version debian
mkdir "$tmp/other"
echo "hsmferry ($version) unstable" >"$tmp/other/changelog"
not_ok "control: one would be seen" one_version "$tmp/other"
ok "the changelog is made with it" grep -q '^hsmferry (@VERSION@)' debian/changelog.in
ok "the program has it" sh -c "'$abs_top_builddir/hsmferry' --version | grep -qx 'hsmferry $version'"

# build_needs FILE: each package that a build needs, except for what every build has.
build_needs() {
    # shellcheck source=examples/packages.sh
    . examples/packages.sh
    for package in $packages_build; do
        case $package in autoconf | automake | gcc | libc6-dev | make | pkg-config) continue ;; esac
        sed -n '/^Build-Depends:/,/^[A-Z]/p' "$1" | grep -qE "^ $package( |,|\$)" || echo "$1 lacks $package"
    done | { ! grep .; }
}
ok "its build needs what examples/packages.sh says" build_needs debian/control
sed '/^ libcyaml-dev/d' debian/control >"$tmp/control"
not_ok "control: a package that is missing is seen" build_needs "$tmp/control"

# listed FILE: each file of debian/ is one of the source archive.
listed() {
    find debian -type f ! -name local.mk ! -name changelog | sort | while read -r file; do
        grep -qE "^[[:space:]]*%D%/${file#debian/}( |\$)" "$1" || echo "$1 lacks $file"
    done | { ! grep .; }
}
ok "all its files are in the source archive" listed debian/local.mk
sed '/tmpfiles/d' debian/local.mk >"$tmp/local.mk"
not_ok "control: one that is missing is seen" listed "$tmp/local.mk"

lock=$(sed -n 's/^const char \*const token_lock_folders\[\] = {"\([^"]*\)".*/\1/p' src/hsm/token_lock.c)
ok "its folder for locks is the first that the program takes" grep -qx "d $lock 1777 root root -" debian/hsmferry.tmpfiles
for script in debian/rules debian/tests/rehearsal; do
    ok "$script can be executed" test -x "$script"
done
ok "its test rehearses, verifies and replays" sh -c \
    "grep -q 'hsmferry rehearse' debian/tests/rehearsal && grep -q 'hsmferry verify' debian/tests/rehearsal &&
     grep -q 'hsmferry replay' debian/tests/rehearsal && grep -q 'hsmferry doctor' debian/tests/rehearsal"

# --- the list of libraries -------------------------------------------------------------------------------

sbom() {
    SOURCE_DATE_EPOCH=1700000000 sh debian/sbom.sh "$version" "$abs_top_builddir/hsmferry" \
        "$abs_top_builddir/hsmferry-agent"
}
check_sbom() {
    python3 - "$1" <<'END'
import json
import re
import sys
with open(sys.argv[1], encoding="utf-8") as file:
    it = json.load(file)
assert it["spdxVersion"] == "SPDX-2.3" and it["dataLicense"] == "CC0-1.0"
assert it["creationInfo"]["created"] == "2023-11-14T22:13:20Z"
names = {p["SPDXID"]: p for p in it["packages"]}
assert len(names) == len(it["packages"]), "two packages have one id"
assert all(re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", n) for n in names)
links = [r for r in it["relationships"] if r["relationshipType"] == "DYNAMIC_LINK"]
assert all(r["spdxElementId"] in names and r["relatedSpdxElement"] in names for r in links)
console = {r["comment"].split(",")[0] for r in links if r["spdxElementId"] == "SPDXRef-hsmferry"}
agent = {r["comment"].split(",")[0] for r in links if r["spdxElementId"] == "SPDXRef-hsmferry-agent"}
for library in ("libcrypto.so.3", "libyaml-0.so.2", "libseccomp.so.2", "libc.so.6"):
    assert library in console, f"{library} is missing"
assert "libnss3.so" in agent and "libnss3.so" not in console, "NSS belongs to the agent alone"
assert any(p["versionInfo"] not in ("NOASSERTION", "") for p in it["packages"])
END
}
if command -v readelf >/dev/null && command -v dpkg-query >/dev/null && command -v python3 >/dev/null; then
    sbom >"$tmp/list.json" 2>"$tmp/errors"
    ok "the list of libraries is SPDX, and names them" check_sbom "$tmp/list.json"
    ok "... without a complaint" test ! -s "$tmp/errors"
    sbom >"$tmp/again.json"
    ok "twice the same" cmp "$tmp/list.json" "$tmp/again.json"
    sed 's/libcrypto\.so\.3/libother.so.3/' "$tmp/list.json" >"$tmp/bad.json"
    not_ok "control: a library that is missing is seen" check_sbom "$tmp/bad.json"
else
    skip "the list of libraries" "readelf, dpkg-query or python3 is missing"
fi
finish
