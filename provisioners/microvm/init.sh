#!/bin/busybox sh
# shellcheck shell=dash
# Init of the microvm initramfs. It finds the root filesystem and then does one of two things:
#   mintmark.mode=build   hands over to the guest's systemd, with an SSH server for the build that lives in /run only
#   mintmark.mode=finish  runs /finish/finish.sh against the mounted root and powers off
# Kernel command line: root=UUID=…, mintmark.mode=…, mintmark.key=<base64 of an authorized_keys line>
# Words that begin with MINTMARK on the console are read by the build.
export PATH=/bin
/bin/busybox --install -s /bin
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys

fail() {
    echo "MINTMARK-FAILED $*"
    sync
    # Time to take a picture of the screen.
    sleep 3
    poweroff -f
}

option() {
    tr ' ' '\n' </proc/cmdline | sed -n "s/^$1=//p" | tail -n 1
}

while read -r module; do
    insmod "/modules/$module" || echo "cannot load $module"
done </modules/order

mount_root() {
    uuid=$(option root)
    uuid=${uuid#UUID=}
    tries=0
    while ! device=$(findfs "UUID=$uuid" 2>/dev/null); do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || fail "no filesystem with UUID $uuid"
        usleep 100000
    done
    mount -t ext4 -o rw,noatime "$device" /root || fail "cannot mount $device"
}

# QEMU's user network always has these addresses, so nothing has to be asked and no lease is left.
start_network() {
    ip link set lo up
    ip link set eth0 up
    ip address add 10.0.2.15/24 dev eth0
    ip route add default via 10.0.2.2
    if [ -L /root/etc/resolv.conf ]; then
        target=$(readlink /root/etc/resolv.conf)
        target=${target##*run/}
        mkdir -p "/run/$(dirname "$target")"
        write_resolver >"/run/$target"
    elif [ ! -s /root/etc/resolv.conf ]; then
        write_resolver >/root/etc/resolv.conf
    fi
}

# The marker in the comment lets finish tell our content from one that a provisioner wrote.
write_resolver() {
    printf '# mintmark-build\nnameserver 10.0.2.3\n'
}

write_build_units() {
    mkdir -p /run/mintmark /run/systemd/system
    option mintmark.key | base64 -d >/run/mintmark/authorized_keys
    cat >/run/mintmark/sshd_config <<-END
	Port 22
	HostKey /run/mintmark/host_key
	AuthorizedKeysFile /run/mintmark/authorized_keys
	PermitRootLogin prohibit-password
	PasswordAuthentication no
	StrictModes no
	UsePAM no
	UseDNS no
	PrintMotd no
	PidFile none
	Subsystem sftp internal-sftp
	END
    cat >/run/systemd/system/mintmark-build.target <<-END
	[Unit]
	Description=Build by Mintmark
	Requires=basic.target
	Wants=mintmark-sshd.service
	After=basic.target mintmark-sshd.service
	AllowIsolate=yes
	END
    cat >/run/systemd/system/mintmark-sshd.service <<-END
	[Unit]
	Description=SSH server for the build
	DefaultDependencies=no
	After=systemd-tmpfiles-setup.service
	Conflicts=shutdown.target
	Before=shutdown.target
	[Service]
	Type=notify
	RuntimeDirectory=sshd
	ExecStartPre=/usr/bin/ssh-keygen -q -t ed25519 -N "" -f /run/mintmark/host_key
	ExecStart=/usr/sbin/sshd -D -e -f /run/mintmark/sshd_config
	KillMode=process
	END
}

# While it starts, the kernel rewrites code that other processors run. Under QEMU's emulation one of them may run a stale
# int3 and panic (Linux 6.12 in sched_clock_cpu, one start in thirty), so it starts with one processor.
start_processors() {
    for processor in /sys/devices/system/cpu/cpu*/online; do
        [ -e "$processor" ] || continue
        [ "$(cat "$processor")" = 1 ] || echo 1 >"$processor" || echo "cannot start $processor"
    done
}

start_guest() {
    start_processors
    mount -t tmpfs -o mode=0755,nosuid,nodev tmpfs /run
    start_network
    write_build_units
    mount --move /run /root/run
    mount --move /dev /root/dev
    mount --move /proc /root/proc
    mount --move /sys /root/sys
    echo "MINTMARK-BUILD starting the guest"
    exec switch_root /root /sbin/init
}

finish() {
    # shellcheck source=/dev/null
    ROOT=/root sh /finish/finish.sh || fail "finish.sh ended with $?"
    [ -e /finish/no-trim ] || fstrim /root || fail "fstrim"
    umount /root || fail "umount"
    sync
    echo "MINTMARK-FINISHED"
    poweroff -f
}

mount_root
case $(option mintmark.mode) in
build) start_guest ;;
finish) finish ;;
*) fail "unknown mintmark.mode" ;;
esac
fail "could not start the guest"
