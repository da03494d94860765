# shellcheck shell=sh disable=SC2034 # for those that source it
# Where things are, and how the boot scripts speak. Sourced by all of them.
#
# CLOUD_ROOT is put before every path of the guest; empty in the guest, a directory in tests.
ROOT=${CLOUD_ROOT-}
CACHE=$ROOT/var/cache/cloud
RUN=$ROOT/run/cloud

# Also on the console, because the units send their output there.
say() {
    echo "$*"
    printf '%s %s\n' "$(date)" "$*" >>"$ROOT/var/log/cloud.log"
}

# Seconds since the start of the machine; the clock may be set while we wait.
uptime_seconds() {
    read -r seconds _ </proc/uptime
    seconds=${seconds%%.*}
}
