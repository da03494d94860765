#!/bin/sh
# The agents start what a router, console proxy or secondary storage VM needs; nothing of it starts by itself.
# The QEMU guest agent stays enabled: it is the channel through which a KVM host tells the machine who it is.
set -eu

disable() {
  for unit in "$@"; do
    # units come and go between Debian releases; a missing one needs no disabling
    if [ -e "/lib/systemd/system/$unit" ] || [ -e "/etc/init.d/${unit%.service}" ]; then
      systemctl disable "$unit"
    else
      echo "not installed: $unit"
    fi
  done
}

disable apt-daily.timer apt-daily-upgrade.timer
disable apache2.service haproxy.service dnsmasq.service radvd.service frr.service
disable conntrackd.service keepalived.service ipvsadm.service
disable strongswan-starter.service xl2tpd.service
disable nfs-server.service nfs-blkmap.service rpcbind.service rpcbind.socket
disable open-vm-tools.service vgauth.service
disable hv-fcopy-daemon.service hv-kvp-daemon.service hv-vss-daemon.service

# The agents serve HTTPS; old protocols are off.
a2enmod --quiet ssl
sed -i 's/^\([[:space:]]*SSLProtocol\).*/\1 -all +TLSv1.2 +TLSv1.3/' /etc/apache2/mods-available/ssl.conf

# Configuration that survives an upgrade of the agents lives here.
install -d -m 0755 /etc/cloudstack
