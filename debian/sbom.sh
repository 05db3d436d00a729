#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prints the list of libraries that programs are linked with, as they are on this machine, as SPDX 2.3
# (JSON). The same programs on the same machine yield the same list.
#
#     sbom.sh VERSION PROGRAM...
set -eu

[ $# -ge 2 ] || { echo 'usage: sbom.sh VERSION PROGRAM...' >&2 && exit 64; }
version=$1
shift
created=$(date -u -d "@${SOURCE_DATE_EPOCH:-$(date +%s)}" +%Y-%m-%dT%H:%M:%SZ)

# needed PROGRAM: the names of the libraries that it names itself.
needed() {
    LC_ALL=C readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p' | sort
}

# described LIBRARY PROGRAM: "PACKAGE VERSION" of the file that the loader takes; NOASSERTION where no package
# has it.
described() {
    file=$(LC_ALL=C ldd "$2" | sed -n "s|^[[:space:]]*$1 => \(/[^ ]*\) .*|\1|p")
    owner=
    [ -z "$file" ] || for path in "$file" "/usr$file" "$(readlink -f "$file")"; do
        [ -n "$owner" ] || owner=$(dpkg-query -S "$path" 2>/dev/null | sed -n '1s/: .*//p')
    done
    [ -n "$owner" ] || { echo "$1 NOASSERTION" && return; }
    # shellcheck disable=SC2016 # of dpkg-query
    echo "${owner%%:*} $(dpkg-query -W -f '${Version}' "$owner")"
}

# one NAME VERSION: an entry of the list of packages.
one() {
    printf '    {"SPDXID": "SPDXRef-%s", "name": "%s", "versionInfo": "%s",\n' \
        "$(echo "$1" | tr -c 'A-Za-z0-9.\n' -)" "$1" "$2"
    printf '     "downloadLocation": "NOASSERTION", "filesAnalyzed": false}'
}

links() {
    for program in "$@"; do
        needed "$program" | while read -r library; do
            echo "${program##*/} $library $(described "$library" "$program")"
        done
    done
}

list=$(links "$@")
digest=$(printf '%s\n%s\n' "$version" "$list" | sha256sum | cut -c 1-32)
cat <<END
{
  "spdxVersion": "SPDX-2.3",
  "dataLicense": "CC0-1.0",
  "SPDXID": "SPDXRef-DOCUMENT",
  "name": "hsmferry-$version",
  "documentNamespace": "https://spdx.org/spdxdocs/hsmferry-$version-$digest",
  "creationInfo": {"created": "$created", "creators": ["Tool: hsmferry-sbom"]},
  "packages": [
END
for program in "$@"; do
    one "${program##*/}" "$version"
    echo ,
done
echo "$list" | cut -d' ' -f3,4 | sort -u | {
    comma=
    while read -r name of; do
        [ -z "$comma" ] || echo ,
        comma=yes
        one "$name" "$of"
    done
}
printf '\n  ],\n  "relationships": [\n'
for program in "$@"; do
    printf '    {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-%s"},\n' \
        "${program##*/}"
done
echo "$list" | {
    comma=
    while read -r program library name of; do
        [ -z "$comma" ] || echo ,
        comma=yes
        printf '    {"spdxElementId": "SPDXRef-%s", "relationshipType": "DYNAMIC_LINK", "relatedSpdxElement": "SPDXRef-%s",\n' \
            "$program" "$(echo "$name" | tr -c 'A-Za-z0-9.\n' -)"
        printf '     "comment": "%s, %s"}' "$library" "$of"
    done
}
printf '\n  ]\n}\n'
