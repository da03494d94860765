#!/bin/sh
# apt-get over the small archive that the lab made: a host with one Debian mirror, whose packages are some bytes each.
. "$(dirname "$(readlink -f "$0")")/control.sh"

lists() { sed -n 's/^Dir::State::lists "\(.*\)";$/\1/p' "$APT_CONFIG"; }

case $1 in
--version)
    echo 'apt 2.6.1 (amd64)'
    ;;
indextargets)
    echo 'http://mirror.example/debian trixie main Debian'
    echo 'http://mirror.example/debian-security trixie-security main Debian'
    ;;
update)
    at update
    for suite in trixie trixie-updates trixie-security; do
        printf 'Suite: %s\nDate: Sat, 21 Nov 2026 06:00:00 UTC\n' "$suite" \
            >"$(lists)/mirror.example_debian_dists_${suite}_InRelease"
    done
    ;;
install)
    at install
    grep -v busybox-static "$LAB/archive/uris"
    ;;
download)
    # Only ever asked where packages are; apt-helper fetches them.
    for word in "$@"; do
        name=${word%%[:=]*}
        grep "/${name}_" "$LAB/archive/uris" || true
    done
    ;;
esac
