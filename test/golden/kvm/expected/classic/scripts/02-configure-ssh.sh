#!/bin/sh
# SSH of the system VM: root by key on port 3922. The management server puts its key into this file.
set -eu

install -d -m 0700 /root/.ssh
: >/root/.ssh/authorized_keys
chmod 0600 /root/.ssh/authorized_keys

SYSTEMCTL_SKIP_SYSV=1 systemctl --root=/ enable ssh.service
