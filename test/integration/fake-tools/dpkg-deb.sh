#!/bin/sh
# dpkg-deb --fsys-tarfile: a busybox that is no busybox.
. "$(dirname "$(readlink -f "$0")")/control.sh"
at unpack
tar -c -C "$LAB/archive/busybox" .
