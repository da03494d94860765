#!/bin/sh
# Stands in for grub-probe while grub.cfg is written for a disk that does not exist yet.
# Answers for one ext4 root, a partition of the first disk; map is msdos or gpt.
map=@MAP@
number=@NUMBER@
for word; do
    case $word in
    --target=*) target=${word#--target=} ;;
    -t) target=next ;;
    *) [ "${target-}" != next ] || target=$word ;;
    esac
done
case ${target-} in
device) echo "/dev/vda$number" ;;
fs) echo ext2 ;;
fs_uuid) echo @ROOT_UUID@ ;;
drive) echo "(hd0,$map$number)" ;;
disk) echo /dev/vda ;;
partmap) echo "$map" ;;
hints_string) echo "--hint-bios=hd0,$map$number --hint-efi=hd0,$map$number --hint=hd0,$map$number" ;;
compatibility_hint) echo "hd0,$map$number" ;;
bios_hints | efi_hints | baremetal_hints) echo "hd0,$map$number" ;;
*) : ;;
esac
