#!/bin/sh
# mmdebstrap: copies the tree that the lab made, which holds the little that the rest of tree.sh looks at.
. "$(dirname "$(readlink -f "$0")")/control.sh"
if [ "$1" = --version ]; then
    echo 'mmdebstrap 1.5.7'
    exit
fi
at start
eval "root=\${$(($# - 1))}"
# shellcheck disable=SC2154 # eval set it
mkdir -p "$root"
cp -a "$LAB/archive/tree/." "$root/"
[ ! -e "$LAB/control/$TOOL.text" ] || cat "$LAB/control/$TOOL.text"
sed -n 's/^Package: \(.*\)/Setting up \1 (1) .../p' "$root/var/lib/dpkg/status"
at end
