const BY_PURPOSE: Readonly<Record<string, string>> = {
  system: `acpid ca-certificates chrony cron dbus e2fsprogs fdisk gnupg haveged irqbalance libpam-systemd locales
    logrotate openssh-server openssl procps rsyslog sudo sysstat systemd-sysv tzdata uuid virt-what zstd`,
  tools: `bind9-dnsutils bzip2 curl htop httping iftop inetutils-telnet lsof rsync socat tcpdump tmux tnftp
    traceroute unzip vim-tiny wget`,
  network: `conntrack conntrackd dnsmasq dnsmasq-utils ethtool frr haproxy ifupdown ipcalc iproute2 ipset iptables
    iptables-persistent iputils-arping iputils-ping ipvsadm isc-dhcp-client keepalived net-tools nftables ppp
    radvd xl2tpd`,
  vpn: `libcharon-extra-plugins libstrongswan-extra-plugins strongswan strongswan-charon strongswan-starter`,
  agent: `apache2 libtcnative-1 openjdk-17-jre-headless python3 python3-flask python3-netaddr ssl-cert`,
  storage: `cifs-utils genisoimage nfs-common nfs-kernel-server samba-common xfsprogs`,
  cloud: `cloud-guest-utils cloud-init python3-json-pointer python3-jsonschema`,
  hypervisors: `hyperv-daemons libxenstore4 open-vm-tools qemu-guest-agent xenstore-utils`,
};

/**
 * What a CloudStack system VM installs: the set of CloudStack's own appliance scripts as far as the main archive of
 * Debian 12 has it. Transitional names are replaced by what they lead to. Left out, because main lacks them:
 * containerd.io, vhd-util, xe-guest-utilities and their 32-bit libraries; grub-legacy, because the disk boots by its
 * own loader. `unzip` opens the agent's archive, `fdisk` lets growpart work.
 */
export const SYSTEMVM_PACKAGES: readonly string[] = Object.values(BY_PURPOSE).flatMap((names) =>
  names.split(/\s+/),
);
