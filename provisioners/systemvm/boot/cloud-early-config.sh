#!/bin/sh
# cloud-early-config: grows the root file system, applies the scripts that the management server sends, and hands over
# to them. Runs beside SSH, over which they come. Fails when what came is not whole; the boot goes on.
set -u
export PATH="${CLOUD_PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}"
LIB=${CLOUD_LIB:-/opt/cloud/lib}
# shellcheck source=/dev/null
. "$LIB/log.sh"
# shellcheck source=/dev/null
. "$LIB/channels.sh"
# shellcheck source=/dev/null
. "$LIB/words.sh"
# shellcheck source=/dev/null
. "$LIB/grow.sh"
# shellcheck source=/dev/null
. "$LIB/patch.sh"

# Types that the server patches over SSH; cksnode and sharedfsvm are not. Cosmic's come with a CD.
expects_push() {
    # A command line that comes after cloud-preinit gave up is for the next boot.
    first_line_is "$RUN/channel" none && return 1
    first_line_is "$CACHE/channel" cosmic_agent && return 1
    case $(word type) in
    router | vpcrouter | dhcpsrvr | consoleproxy | secstorage | ilbvm | elbvm) [ ! -e "$RUN/patched-from-cd" ] ;;
    *) return 1 ;;
    esac
}

receive_scripts() {
    wait_for_scripts "$CACHE/cloud-scripts.tgz"
    case $? in
    0) apply_scripts "$CACHE/cloud-scripts.tgz" || return 1 ;;
    1)
        log_patch "cloud-scripts.tgz is cut short: nothing of it was unpacked"
        return 1
        ;;
    *)
        # As in CloudStack the machine starts with the scripts that it has.
        log_patch "no cloud-scripts.tgz came"
        return 0
        ;;
    esac
    case $(word type) in
    consoleproxy | secstorage) unpack_agent "$CACHE/agent.zip" "$ROOT/usr/local/cloud/systemvm" ;;
    esac
}

status=0
grow_root || status=1
if first_line "$CACHE/cmdline"; then parse_words "$LINE"; fi
if expects_push; then receive_scripts || status=1; fi
# Not part of the template: what came with the server's scripts sets the machine up by its type.
if [ $status = 0 ] && [ -x "$ROOT/opt/cloud/bin/setup/bootstrap.sh" ]; then
    "$ROOT/opt/cloud/bin/setup/bootstrap.sh" || status=1
fi
exit $status
