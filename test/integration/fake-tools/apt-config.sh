#!/bin/sh
# apt-config dump: a host without settings of its own.
. "$(dirname "$(readlink -f "$0")")/control.sh"
at dump
echo 'APT::Architecture "amd64";'
