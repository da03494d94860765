#!/bin/sh
# Logins on ttyS0 and hvc0 come from systemd's getty generator, which starts them on the consoles that exist.
# Enabling serial-getty@hvc0 by hand would hold up the boot of every machine without that device by 90 s.
set -eu

test -x /usr/lib/systemd/system-generators/systemd-getty-generator ||
  test -x /lib/systemd/system-generators/systemd-getty-generator

# Until the management server sets one there is no password, so nobody logs in on a console.
passwd --quiet --lock root
