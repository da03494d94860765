#!/bin/sh
# chroot ROOT /usr/bin/env -i NAME=VALUE… COMMAND…: what the programs of a real tree would leave.
. "$(dirname "$(readlink -f "$0")")/control.sh"
root=$1
shift 3
while [ "${1#*=}" != "$1" ]; do shift; done
at "$(basename "$1")"
case $1 in
debconf-set-selections) cat >/dev/null ;;
update-initramfs | grub-editenv) ;;
update-grub) printf 'root=UUID=%s\n' "$(ls "$root/dev/disk/by-uuid")" >"$root/boot/grub/grub.cfg" ;;
grub-mkimage) head -c 4096 /dev/zero >"$root/tmp/core" ;;
modprobe) echo 'insmod /lib/modules/6.12.1-lab/virtio.ko' ;;
*) exit 127 ;;
esac
