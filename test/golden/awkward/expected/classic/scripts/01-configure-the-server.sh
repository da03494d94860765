#!/bin/sh
# Chooses the services of the server stack. Runs as root in the guest under a minimal target:
# services are enabled here and start at the first real boot.
set -eu

systemctl enable systemd-networkd.service systemd-resolved.service systemd-timesyncd.service
systemctl enable ssh.service

# Nobody logs in as root with a password; cloud-init gives the default user a key.
passwd --quiet --lock root

# Old package lists would be refreshed behind the owner's back in the first minutes of every new machine.
systemctl disable apt-daily.timer apt-daily-upgrade.timer
