# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# The Debian packages for each purpose, and packages_need(), which installs those that are missing.
# For reading with "."; runs nothing by itself.

packages_build='autoconf autoconf-archive automake gcc libc6-dev libcyaml-dev libncurses-dev
    libnss3-dev libp11-dev libp11-kit-dev libprotobuf-c-dev libseccomp-dev libssl-dev libyaml-dev
    make pkg-config protobuf-c-compiler'
packages_rehearse='libnss3 libsofthsm2'
packages_first='libnss3-tools'
packages_opencryptoki='opencryptoki'
packages_test='binutils clang-format gnutls-bin libcmocka-dev libnss3-tools libpcsclite1 libtpm2-pkcs11-1
    mandoc opencryptoki opensc openssh-client openssh-server openssl p11-kit p11-kit-modules procps python3
    python3-cryptography python3-jsonschema python3-pykcs11 python3-yaml shellcheck softhsm2 strace tmux zsh'
packages_pdf='fonts-dejavu-core mandoc python3 python3-markdown weasyprint'
packages_long="chromium clang debhelper debootstrap dpkg-dev git libclang-rt-14-dev lintian poppler-utils $packages_pdf"

# packages_need PURPOSE...: installs the packages that build, rehearse, first (a first ceremony, as README.md
# shows it: certutil), opencryptoki, pdf or test
# lack. If it cannot, names them and ends the script with 69.
packages_need() {
    packages_wanted=
    for packages_purpose in "$@"; do
        case $packages_purpose in
        build) packages_wanted="$packages_wanted $packages_build" ;;
        rehearse) packages_wanted="$packages_wanted $packages_rehearse" ;;
        first) packages_wanted="$packages_wanted $packages_first" ;;
        opencryptoki) packages_wanted="$packages_wanted $packages_opencryptoki" ;;
        test) packages_wanted="$packages_wanted $packages_test" ;;
        pdf) packages_wanted="$packages_wanted $packages_pdf" ;;
        long) packages_wanted="$packages_wanted $packages_long" ;;
        esac
    done
    # On another system configure and the scripts say what they miss.
    command -v dpkg-query >/dev/null || return 0
    # shellcheck disable=SC2086 # a list of words
    packages_wanted=$(packages_missing $packages_wanted)
    [ -n "$packages_wanted" ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        echo "Packages are missing, and only root can install them." >&2
    else
        echo "Installing $packages_wanted ..." >&2
        # shellcheck disable=SC2086 # a list of words
        packages_install $packages_wanted && return 0
        echo "apt-get could not install what is missing; its last words are above." >&2
    fi
    echo "Nothing else was done. Install them, then start this again:" >&2
    echo "    apt-get install --no-install-recommends $packages_wanted" >&2
    exit 69
}

# packages_missing PACKAGE...: prints those that are not installed, on one line.
packages_missing() {
    for packages_one in "$@"; do
        dpkg-query -W -f '${Status}\n' "$packages_one" 2>/dev/null | grep -q ' ok installed$' ||
            echo "$packages_one"
    done | tr '\n' ' ' | sed 's/ $//'
}

# packages_install PACKAGE...: quiet, except for the last lines of a failure.
packages_install() {
    packages_log=$(mktemp) || return
    apt-get -q -o DPkg::Lock::Timeout=120 update </dev/null >"$packages_log" 2>&1
    DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120 install \
        --no-install-recommends "$@" </dev/null >>"$packages_log" 2>&1
    packages_status=$?
    [ "$packages_status" -eq 0 ] || tail -n 20 "$packages_log" >&2
    rm -f "$packages_log"
    return "$packages_status"
}
