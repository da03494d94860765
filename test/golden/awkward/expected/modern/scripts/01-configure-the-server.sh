#!/bin/sh
# Chooses the services of the server stack. Runs as root in the guest under a minimal target:
# services are enabled here and start at the first real boot.
set -eu

# One call on the files alone: each call that talks to the service manager costs seconds under emulation.
export SYSTEMCTL_SKIP_SYSV=1
systemctl --root=/ enable systemd-networkd.service systemd-resolved.service systemd-timesyncd.service ssh.service

# Nobody logs in as root with a password; cloud-init gives the default user a key.
passwd --quiet --lock root

# Old package lists would be refreshed behind the owner's back in the first minutes of every new machine.
systemctl --root=/ disable apt-daily.timer apt-daily-upgrade.timer

# What cloud-init sets anyway (see cloud-template.cfg): where it is so already, it runs no programs for it.
echo 'LANG=C.UTF-8' >/etc/default/locale

# Neither has anything to do here, and both take a second of each start: the one tells Ubuntu's GRUB that the start went
# well, the other looks for snapshots of logical volumes that a check left.
systemctl --root=/ disable grub-common.service e2scrub_reap.service

# It loads the socket drivers of every hypervisor to offer logins from the host, which nobody asked for.
install -d /etc/systemd/system-generators
ln -sf /dev/null /etc/systemd/system-generators/systemd-ssh-generator
