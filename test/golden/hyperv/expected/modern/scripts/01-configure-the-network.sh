#!/bin/sh
# Network of the system VM: ifupdown owns the interfaces, because the agents rewrite its file at boot.
set -eu

export SYSTEMCTL_SKIP_SYSV=1
systemctl --root=/ enable networking.service
systemctl --root=/ disable systemd-networkd.service systemd-networkd.socket systemd-networkd-wait-online.service

# Statistics of every connection would fill the small log area.
if [ -f /etc/conntrackd/conntrackd.conf ]; then
  sed -i 's/^\([[:space:]]*\)LogFile on/\1LogFile off/; s/^\([[:space:]]*\)Syslog on/\1Syslog off/' \
    /etc/conntrackd/conntrackd.conf
fi

# The agents write these while the machine runs; iptables-persistent restores them.
install -d -m 0755 /etc/iptables
