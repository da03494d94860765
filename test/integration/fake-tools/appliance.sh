#!/bin/sh
# libguestfs's virtual machine. Like the real one it is ended within two seconds after the program that began it.
. "$(dirname "$(readlink -f "$0")")/control.sh"
parent=$1
: >"$LAB/points/appliance.start"
grep -q '^start pause' "$LAB/control/appliance" 2>/dev/null || exit 0
: >"$LAB/points/appliance.start.paused"
while [ -e "$LAB/control/appliance" ] && kill -0 "$parent" 2>/dev/null; do sleep 0.3; done
