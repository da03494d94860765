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
place 0644 05-interfaces /etc/network/interfaces
place 0644 06-10-systemvm.conf /etc/ssh/sshd_config.d/10-systemvm.conf
place 0644 07-systemvm.conf /etc/strongswan.d/systemvm.conf
place 0644 08-90-systemvm.conf /etc/sysctl.d/90-systemvm.conf
place 0644 09-systemvm.conf /etc/systemd/journald.conf.d/systemvm.conf
place 0644 10-05-port.conf /etc/ssh/sshd_config.d/05-port.conf
