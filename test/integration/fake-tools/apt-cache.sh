#!/bin/sh
# apt-cache show: the records of every package there is.
. "$(dirname "$(readlink -f "$0")")/control.sh"
at show
cat "$LAB/archive/records"
