#!/bin/sh
# apt-helper, apt's downloader: triples of address, file and digest.
. "$(dirname "$(readlink -f "$0")")/control.sh"

[ "$1" = -q ] && shift
[ "$1" = download-file ] || exit 1
shift
at download
while [ $# -gt 0 ]; do
    cp "$LAB/archive/pool/$(basename "$1")" "$2"
    echo "Get:1 $1"
    at fetched
    shift 3
done
