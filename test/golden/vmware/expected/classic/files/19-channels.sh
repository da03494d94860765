# shellcheck shell=sh disable=SC2034,SC2154 # LINE is for the caller, seconds comes from log.sh
# The ways on which a command line reaches the machine. What is there decides, never the hypervisor's name.
# Each read_… puts the line into LINE and succeeds, or fails: nothing there, or not yet.
#
# Those that need a program are asked once a second only; the others cost no process.
QUICK_CHANNELS='override cosmic_agent guest_agent kernel'
SLOW_CHANNELS='seed machine_id xenstore kvp dmi'

# Takes the first line of a file, with or without its newline.
first_line() {
    LINE=
    [ -s "$1" ] && { IFS= read -r LINE <"$1" || :; } && has_words
}

has_words() {
    case $LINE in *=*) ;; *) return 1 ;; esac
}

read_override() { first_line "$ROOT/mnt/cmdline"; }

# CloudStack on KVM: the host writes the file through the guest agent. A file of an earlier boot is older than the
# stamp that systemd-tmpfiles makes. The agent writes long files in pieces: taken when it did not change since the
# last look.
read_guest_agent() {
    is_new "$CACHE/cmdline" && first_line "$CACHE/cmdline" || return 1
    [ "$LINE" != "${guest_agent_line-}" ] || return 0
    guest_agent_line=$LINE
    return 1
}

# Whether it was written in this boot. Every shell that Debian has as sh knows -nt.
# shellcheck disable=SC3013
is_new() { [ "$1" -nt "$RUN/boot-stamp" ]; }

# Cosmic on KVM: three files through the guest agent, then this one. /tmp is emptied at each boot.
read_cosmic_agent() {
    first_line_is "$ROOT/tmp/cmdline_incoming" DONE && first_line "$ROOT/tmp/cmdline"
}

first_line_is() {
    [ -s "$1" ] || return 1
    IFS= read -r text <"$1" || :
    [ "${text%% *}" = "$2" ]
}

# Xen PV: at the end of the kernel's own arguments, with % for spaces.
read_kernel() {
    first_line "$ROOT/proc/cmdline" || return 1
    case $LINE in *%template=domP%*) ;; *) return 1 ;; esac
    LINE="template=domP%${LINE#*%template=domP%}"
    LINE=$(printf %s "$LINE" | tr '%' ' ')
}

# A seed disk belongs to cloud-init; the command line may stand in its user data, in a line `cmdline: …` that may be
# a comment. A seed without one is an answer as well: its machine is told everything by cloud-init.
read_seed() {
    LINE=
    [ -e "$ROOT/run/cloud-init/enabled" ] || return 1
    for label in cidata CIDATA config-2 CONFIG-2; do
        [ -e "$ROOT/dev/disk/by-label/$label" ] || continue
        mkdir -p "$RUN/seed"
        mount -o ro "$ROOT/dev/disk/by-label/$label" "$RUN/seed" || continue
        words_in_seed "$RUN/seed"
        umount "$RUN/seed"
        return 0
    done
    if [ -d "$ROOT/var/lib/cloud/seed/nocloud" ]; then
        words_in_seed "$ROOT/var/lib/cloud/seed/nocloud"
        return 0
    fi
    # cloud-init has a source that is no disk
    [ $((seconds - quiet_since)) -ge "${CLOUD_QUIET:-5}" ]
}

words_in_seed() {
    for name in user-data openstack/latest/user_data cloudstack/userdata/user_data.txt; do
        [ -s "$1/$name" ] || continue
        LINE=$(sed -n 's/^[# ]*cmdline:[[:space:]]*//p;' "$1/$name" | sed 's/\r$//;q')
        [ -z "$LINE" ] || return 0
    done
}

# VMware: the device is a hint only; QEMU has cards of this maker too.
read_machine_id() {
    has_vmware_device || return 1
    if command -v vmtoolsd >/dev/null; then
        LINE=$(timeout 5 vmtoolsd --cmd machine.id.get 2>/dev/null) && has_words && return 0
    fi
    command -v vmware-rpctool >/dev/null || return 1
    LINE=$(timeout 5 vmware-rpctool machine.id.get 2>/dev/null) && has_words
}

has_vmware_device() {
    for file in "$ROOT"/sys/bus/pci/devices/*/vendor; do
        [ -e "$file" ] || continue
        read -r vendor <"$file"
        [ "$vendor" != 0x15ad ] || return 0
    done
    return 1
}

# XenServer, HVM.
read_xenstore() {
    [ -e "$ROOT/dev/xen/xenbus" ] || [ -e "$ROOT/proc/xen/xenbus" ] || return 1
    LINE=$(timeout 5 xenstore-read vm-data/cloudstack/init 2>/dev/null) && has_words
}

# Hyper-V: records of a key (512 bytes) and a value (2048 bytes), filled up with zero bytes. The daemon that writes
# them is started by udev when the device appears.
read_kvp() {
    for pool in "$ROOT/var/lib/hyperv/.kvp_pool_0" "$ROOT/var/opt/hyperv/.kvp_pool_0"; do
        [ -s "$pool" ] || continue
        LINE=$(tr -s '\0' '\n' <"$pool" | sed -n '/^cloudstack-vm-userdata$/{n;p;q;}')
        has_words && return 0
    done
    return 1
}

# VirtualBox, for tests: a string of the firmware.
read_dmi() {
    [ -r "$ROOT/sys/firmware/dmi/tables/DMI" ] || return 1
    LINE=$(tr '\0' '\n' <"$ROOT/sys/firmware/dmi/tables/DMI" | sed -n 's/^.*cmdline://p;' | sed q)
    has_words
}

# Whether a channel is there on which the host may still be about to write.
may_be_written() {
    [ -e "$ROOT/dev/virtio-ports/org.qemu.guest_agent.0" ] || [ -e "$ROOT/dev/vmbus/hv_kvp" ] ||
        [ -e "$ROOT/dev/xen/xenbus" ] || has_guest_agent_port
}

has_guest_agent_port() {
    for file in "$ROOT"/sys/class/virtio-ports/*/name; do
        [ ! -e "$file" ] || ! first_line_is "$file" org.qemu.guest_agent.0 || return 0
    done
    return 1
}

# What was told at an earlier boot; a machine that restarts by itself is told nothing new.
read_previous() { first_line "$CACHE/cmdline"; }

ask() {
    for CHANNEL in "$@"; do
        "read_$CHANNEL" && return 0
    done
    CHANNEL=none
    return 1
}

# Puts the command line into LINE and its way into CHANNEL, or fails when it is time to go on without.
find_command_line() {
    uptime_seconds
    started=$seconds quiet_since=$seconds asked=''
    while :; do
        # shellcheck disable=SC2086 # names are words
        ask $QUICK_CHANNELS && return 0
        if [ "$seconds" != "$asked" ]; then
            asked=$seconds
            # shellcheck disable=SC2086
            ask $SLOW_CHANNELS && return 0
        fi
        if is_time_up; then
            ask previous
            return
        fi
        sleep 0.2
        uptime_seconds
    done
}

# Counted from when udev found the last device, because before that not even the guest agent runs: CLOUD_WAIT seconds
# (60, as in CloudStack) for a host that has a channel to write to; CLOUD_QUIET without one, or where an earlier boot
# knew who the machine is. After CLOUD_LIMIT seconds in any case.
is_time_up() {
    [ $((seconds - started)) -lt "${CLOUD_LIMIT:-180}" ] || return 0
    [ ! -e "$ROOT/run/udev/queue" ] || quiet_since=$seconds
    quiet=$((seconds - quiet_since))
    if may_be_written && ! { [ -s "$CACHE/cmdline" ] && ! is_new "$CACHE/cmdline"; }; then
        [ $quiet -ge "${CLOUD_WAIT:-60}" ]
    else
        [ $quiet -ge "${CLOUD_QUIET:-5}" ]
    fi
}
