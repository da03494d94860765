#!/bin/sh
# A real program that can be held up or made to fail: qemu-img, ssh-keygen, mke2fs, zstd. Points: its first word, or `start`;
# none for a question about its version.
. "$(dirname "$(readlink -f "$0")")/control.sh"
case $TOOL$1 in
*--version | *-V | *-q-d*) ;;
qemu-img*) at "$1" ;;
*) at start ;;
esac
real "$TOOL" "$@"
