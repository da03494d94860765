#!/bin/sh -e
# Puts the files of the profile where they belong: mode, name in the upload, path in the guest.
cd /run/mintmark/files
place() {
  install -D -T -o root -g root -m "$1" -- "$2" "$3"
}
place 0644 01-90-template.cfg /etc/cloud/cloud.cfg.d/90-template.cfg
place 0644 02-ds-identify.cfg /etc/cloud/ds-identify.cfg
place 0644 03-template.conf /etc/modprobe.d/template.conf
place 0644 04-conntrack.conf /etc/modules-load.d/conntrack.conf
place 0644 05-channels.conf /etc/modules-load.d/channels.conf
place 0644 06-interfaces /etc/network/interfaces
place 0644 07-10-systemvm.conf /etc/ssh/sshd_config.d/10-systemvm.conf
place 0644 08-systemvm.conf /etc/strongswan.d/systemvm.conf
place 0644 09-90-systemvm.conf /etc/sysctl.d/90-systemvm.conf
place 0644 10-systemvm.conf /etc/systemd/journald.conf.d/systemvm.conf
place 0644 11-cloud-boot.conf /etc/tmpfiles.d/cloud-boot.conf
place 0644 12-early.conf /etc/systemd/system/qemu-guest-agent.service.d/early.conf
place 0755 13-init.sh /opt/cloud/bin/setup/init.sh
place 0755 14-cloud-early-config /opt/cloud/bin/setup/cloud-early-config
place 0755 15-patch-from-cd.sh /opt/cloud/bin/setup/patch-from-cd.sh
place 0755 16-postinit.sh /opt/cloud/bin/setup/postinit.sh
place 0755 17-get-template-version.sh /opt/cloud/bin/get_template_version.sh
place 0644 18-log.sh /opt/cloud/lib/log.sh
place 0644 19-channels.sh /opt/cloud/lib/channels.sh
place 0644 20-words.sh /opt/cloud/lib/words.sh
place 0644 21-network.sh /opt/cloud/lib/network.sh
place 0644 22-patch.sh /opt/cloud/lib/patch.sh
place 0644 23-grow.sh /opt/cloud/lib/grow.sh
place 0644 24-cloud-preinit.service /etc/systemd/system/cloud-preinit.service
place 0644 25-cosmic-patch-scripts.service /etc/systemd/system/cosmic-patch-scripts.service
place 0644 26-cloud-early-config.service /etc/systemd/system/cloud-early-config.service
place 0644 27-cloud-postinit.service /etc/systemd/system/cloud-postinit.service
place 0644 28-05-port.conf /etc/ssh/sshd_config.d/05-port.conf
