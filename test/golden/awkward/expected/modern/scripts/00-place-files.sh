#!/bin/sh -e
# Puts the files of the profile where they belong: mode, name in the upload, path in the guest.
cd /run/mintmark/files
place() {
  install -D -T -o root -g root -m "$1" -- "$2" "$3"
}
place 0644 01-90-template.cfg /etc/cloud/cloud.cfg.d/90-template.cfg
place 0644 02-ds-identify.cfg /etc/cloud/ds-identify.cfg
place 0644 03-60-template.conf /etc/ssh/sshd_config.d/60-template.conf
place 0644 04-60-template.conf /etc/systemd/resolved.conf.d/60-template.conf
place 0640 05-x-y '/etc/it'\''s a path/${x} {{y}}'
place 0644 06-motd /etc/motd
