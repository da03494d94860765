#!/bin/sh
# The agents start what a router, console proxy or secondary storage VM needs; nothing of it starts by itself.
# udev starts the QEMU guest agent and Hyper-V's daemons when their devices appear; cloud-preinit VMware's.
set -eu

# Works on the files alone, all units in one call: each call that talks to the service manager costs seconds under
# emulation. A service with an init script and no unit is turned off the old way.
disable() {
  units=
  for unit in "$@"; do
    # units come and go between Debian releases; a missing one needs no disabling
    if [ -e "/lib/systemd/system/$unit" ]; then
      units="$units $unit"
    elif [ -e "/etc/init.d/${unit%.service}" ]; then
      update-rc.d "${unit%.service}" disable
    else
      echo "not installed: $unit"
    fi
  done
  # shellcheck disable=SC2086 # names of units are words
  SYSTEMCTL_SKIP_SYSV=1 systemctl --root=/ disable $units
}

disable apt-daily.timer apt-daily-upgrade.timer apache2.service haproxy.service dnsmasq.service \
  radvd.service frr.service conntrackd.service keepalived.service ipvsadm.service \
  strongswan-starter.service xl2tpd.service nfs-server.service nfs-blkmap.service \
  rpcbind.service rpcbind.socket open-vm-tools.service vgauth.service hv-fcopy-daemon.service \
  hv-kvp-daemon.service hv-vss-daemon.service

# Nothing of the contract needs these, and each costs a boot time: scrubbing of LVM volumes (there are none), rules
# that the agents restore themselves, statistics, and randomness, which the kernel has enough of since 5.6.
disable e2scrub_reap.service e2scrub_all.timer netfilter-persistent.service sysstat.service sysstat-collect.timer \
  sysstat-summary.timer haveged.service nfs-client.target dpkg-db-backup.timer

# The agents serve HTTPS; old protocols are off.
a2enmod --quiet ssl
sed -i 's/^\([[:space:]]*SSLProtocol\).*/\1 -all +TLSv1.2 +TLSv1.3/' /etc/apache2/mods-available/ssl.conf

# Configuration that survives an upgrade of the agents lives here.
install -d -m 0755 /etc/cloudstack
