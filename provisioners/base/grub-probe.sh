#!/bin/sh
# Stands in for grub-probe while grub.cfg is written for a disk that does not exist yet.
# Answers for one ext4 root partition, the first primary one of the first BIOS disk.
for word; do
    case $word in
    --target=*) target=${word#--target=} ;;
    -t) target=next ;;
    *) [ "${target-}" != next ] || target=$word ;;
    esac
done
case ${target-} in
device) echo /dev/vda1 ;;
fs) echo ext2 ;;
fs_uuid) echo @ROOT_UUID@ ;;
drive) echo '(hd0,msdos1)' ;;
disk) echo /dev/vda ;;
partmap) echo msdos ;;
hints_string) echo '--hint-bios=hd0,msdos1 --hint=hd0,msdos1' ;;
compatibility_hint) echo hd0,msdos1 ;;
bios_hints | baremetal_hints) echo hd0,msdos1 ;;
*) : ;;
esac
