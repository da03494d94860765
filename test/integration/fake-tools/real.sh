#!/bin/sh
# A real program that can be held up or made to fail: qemu-img, ssh-keygen, mke2fs, zstd. Points: its first word, or `start`.
. "$(dirname "$(readlink -f "$0")")/control.sh"
case $TOOL in
qemu-img) at "$1" ;;
*) at start ;;
esac
real "$TOOL" "$@"
