#!/bin/sh
# cosmic-patch-scripts: applies the scripts and the agent on the CD systemvm.iso, the way of Cosmic and of CloudStack
# before 4.17. A CD of another kind is left alone. Fails when the scripts are cut short; the boot goes on.
set -u
export PATH="${CLOUD_PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}"
LIB=${CLOUD_LIB:-/opt/cloud/lib}
# shellcheck source=/dev/null
. "$LIB/log.sh"
# shellcheck source=/dev/null
. "$LIB/channels.sh"
# shellcheck source=/dev/null
. "$LIB/patch.sh"
CD=$RUN/cd

# Leaves the CD mounted.
find_cd() {
    mkdir -p "$CD"
    for name in sr0 sr1 sr2 xvdd; do
        [ -e "$ROOT/dev/$name" ] || continue
        mount -o ro "$ROOT/dev/$name" "$CD" 2>/dev/null || continue
        [ -e "$CD/cloud-scripts.tgz" ] && return 0
        umount "$CD"
    done
    return 1
}

patch_from_cd() {
    if ! is_whole "$CD/cloud-scripts.tgz"; then
        log_patch "cloud-scripts.tgz on the CD is cut short: nothing of it was unpacked"
        return 1
    fi
    apply_scripts "$CD/cloud-scripts.tgz" || return 1
    mkdir -p "$ROOT/opt/cosmic/patch"
    cp "$CACHE/cloud-scripts-signature" "$ROOT/opt/cosmic/patch/cloud-scripts.tgz.sha512"
    unpack_agent "$CD/systemvm.zip" "$ROOT/opt/cosmic/agent" &&
        unpack_agent "$CD/agent.zip" "$ROOT/usr/local/cloud/systemvm" || return 1
    : >"$RUN/patched-from-cd"
}

# The key of the CD is for a machine that was given none.
take_key() {
    if [ -s "$CD/authorized_keys" ] && [ ! -s "$ROOT/root/.ssh/authorized_keys" ]; then
        (umask 077 && cat "$CD/authorized_keys" >"$ROOT/root/.ssh/authorized_keys")
    fi
}

find_cd || exit 0
status=0
take_key
patch_from_cd || status=1
umount "$CD"
exit $status
