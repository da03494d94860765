#!/bin/sh
# cloud-preinit: finds out who the machine is, and prepares network, names and SSH before they start.
# Fails when nothing told it; the boot goes on.
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
. "$LIB/network.sh"

mkdir -p "$CACHE" "$RUN"
# The marker of an earlier boot says nothing about this one.
rm -f "$CACHE/boot_up_done"
[ -e "$RUN/boot-stamp" ] || : >"$RUN/boot-stamp"

# Takes seconds, which the host needs as well.
make_host_keys &

rm -f "$RUN/channel"
status=0
if ! find_command_line; then
    say "no channel answered: neither guest agent, seed disk, machine.id, xenstore, KVP nor DMI says who this machine is"
    status=1
elif [ -z "$LINE" ]; then
    say "channel $CHANNEL: cloud-init sets the machine up"
    write_dhcp
else
    say "channel $CHANNEL: a command line of ${#LINE} characters"
    parse_words "$LINE"
    write_words "$LINE"
    write_interfaces
    write_name_servers
    set_host_name
    set_password
fi
if [ "$CHANNEL" != previous ]; then echo "$CHANNEL" >"$CACHE/channel"; fi
echo "$CHANNEL" >"$RUN/channel"
install_key
if [ -n "$LINE" ]; then restrict_ssh; fi
# Its daemon answers the host's requests for a shutdown; the other hypervisors' are started by udev.
if [ "$CHANNEL" = machine_id ]; then systemctl start --no-block open-vm-tools.service; fi
wait
exit $status
