#!/bin/sh
# virt-sparsify with its appliance, without which it cannot go on. Changes nothing on the disk.
. "$(dirname "$(readlink -f "$0")")/control.sh"
if [ "$1" = --version ]; then
    echo 'virt-sparsify 1.52.0'
    exit
fi
at start
"$LAB/bin/appliance" $$ &
appliance=$!
if ! wait "$appliance"; then
    echo 'virt-sparsify: error: libguestfs error: appliance closed the connection unexpectedly' >&2
    exit 1
fi
at end
