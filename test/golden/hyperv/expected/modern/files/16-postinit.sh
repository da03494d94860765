#!/bin/sh
# cloud-postinit: starts and stops the services that the server's scripts chose, then says that the machine is ready.
# Runs only when everything before it succeeded.
set -u
export PATH="${CLOUD_PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}"
LIB=${CLOUD_LIB:-/opt/cloud/lib}
# shellcheck source=/dev/null
. "$LIB/log.sh"

# $1: what systemctl shall do; $2: list of services.
each_service() {
    [ -s "$CACHE/$2" ] || return 0
    # shellcheck disable=SC2046 # names of services are words
    systemctl "$1" $(cat "$CACHE/$2")
}

each_service stop disabled_svcs
each_service start enabled_svcs || {
    say "services did not start"
    exit 1
}
date >"$CACHE/boot_up_done"
say "ready"
