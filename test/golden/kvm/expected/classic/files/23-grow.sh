# shellcheck shell=sh
# Makes the root file system as large as its disk, whatever the partition's number is.

grow_root() {
    device=$(readlink -f "$(findmnt -n -o SOURCE /)")
    block=$(readlink -f "$ROOT/sys/class/block/${device##*/}")
    [ -e "$block/partition" ] || return 0
    disk=${block%/*}
    read -r start <"$block/start"
    read -r size <"$block/size"
    read -r total <"$disk/size"
    # Less than 2 MiB behind it, in sectors of 512 bytes, is the room of alignment and of a backup partition table.
    [ $((total - start - size)) -gt 4096 ] || return 0
    read -r number <"$block/partition"
    say "growing $device"
    if growpart "/dev/${disk##*/}" "$number" >>"$ROOT/var/log/cloud.log" 2>&1 &&
        resize2fs "$device" >>"$ROOT/var/log/cloud.log" 2>&1; then
        return 0
    fi
    say "growing $device failed"
    return 1
}
