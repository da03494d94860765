#!/bin/sh
# Makes the file tree of a base disk and puts it into a filesystem, without mounting any device.
#
# Runs on the build host as root, or as the mapped root of a user namespace, in mount and process
# namespaces of its own: whatever happens to it, nothing stays mounted or running.
#
# JOB is a directory with the inputs:
#   include             package names, separated by commas
#   repository/         flat repository that holds exactly the packages to install
#   etc/                files that are copied to /etc of the tree as they are
#   busybox.deb         statically linked busybox for the microvm initramfs
#   microvm-init        init program of the microvm initramfs
#   variables           shell assignments: SUITE ARCHITECTURE ROOT_UUID HASH_SEED OFFSET_BYTES
#                       FILESYSTEM_KIB SCRATCH (tmpfs or a directory) RECOMMENDS REMOVE_DOCS KEEP_LOCALES EPOCH
#                       LAYOUT (bios, uefi, hybrid) SECURE_BOOT PARTITION_TABLE (mbr, gpt) ROOT_NUMBER
# OUT receives disk.raw (its first OFFSET_BYTES still empty), vmlinuz, microvm.cpio.gz, changelogs.tar.zst, dpkg-status;
# for BIOS machines boot.img and core.img, for UEFI machines the directory esp with what their system partition holds.
# Exit code 28: the tree does not fit into a filesystem of FILESYSTEM_KIB.
set -eu
# Whoever runs the build: the modes of the guest's files are ours to say.
umask 022

JOB=$1
OUT=$2
HERE=$(dirname "$0")
# shellcheck source=/dev/null
. "$JOB/variables"

say() { echo "mintmark: $*"; }

prepare_scratch() {
    if [ "$SCRATCH" = tmpfs ]; then
        SCRATCH=$JOB/scratch
        mkdir -p "$SCRATCH"
        mount -t tmpfs -o mode=0755 tmpfs "$SCRATCH"
    fi
    ROOT=$SCRATCH/root
    export TMPDIR="$SCRATCH"
}

# mmdebstrap copies these two files of the host into the tree, where scripts of packages make further copies of them.
# It gets to see the guest's instead, and the kernel's host name is nobody's; only these namespaces are like that.
hide_host_files() {
    : >"$SCRATCH/resolv.conf"
    cat "$JOB/etc/hostname" >"$SCRATCH/hostname"
    for name in resolv.conf hostname; do
        [ ! -e "/etc/$name" ] || mount --bind "$SCRATCH/$name" "/etc/$name"
    done
    hostname localhost
}

# INITRD=No holds the kernel's own initramfs run back; one run at the end replaces two.
install_packages() {
    say "installing packages"
    INITRD=No mmdebstrap --mode=root --variant=required --format=directory \
        --architectures="$ARCHITECTURE" --include="$(cat "$JOB/include")" \
        --verbose \
        --aptopt='Acquire::Languages "none"' --aptopt="APT::Install-Recommends \"$RECOMMENDS\"" \
        "$SUITE" "$ROOT" "deb [trusted=yes] copy:$JOB/repository ./"
    cp "$ROOT/var/lib/dpkg/status" "$OUT/dpkg-status"
}

enter() {
    chroot "$ROOT" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
        DEBIAN_FRONTEND=noninteractive SOURCE_DATE_EPOCH="$EPOCH" "$@"
}

# A /dev with the few harmless nodes of the host, and the one disk name that GRUB's scripts look for.
mount_kernel_filesystems() {
    mount -t proc proc "$ROOT/proc"
    mount -t tmpfs -o mode=0755 tmpfs "$ROOT/dev"
    for node in null zero full random urandom; do
        : >"$ROOT/dev/$node"
        mount --bind "/dev/$node" "$ROOT/dev/$node"
    done
    ln -s /proc/self/fd "$ROOT/dev/fd"
    mkdir -p "$ROOT/dev/disk/by-uuid"
    : >"$ROOT/dev/disk/by-uuid/$ROOT_UUID"
}

unmount_kernel_filesystems() {
    umount --recursive "$ROOT/dev"
    umount "$ROOT/proc"
}

configure() {
    say "configuring"
    rm -f "$ROOT/etc/apt/sources.list" "$ROOT/etc/apt/apt.conf.d/99mmdebstrap"
    # Those that mmdebstrap left, whose permissions are not ours.
    rm -f "$ROOT/etc/hostname" "$ROOT/etc/hosts"
    chmod -R u=rwX,go=rX "$JOB/etc"
    cp -R "$JOB/etc/." "$ROOT/etc/"
    # An image moves between hypervisors, so GRUB's package must not insist on one disk name.
    # Nor on boot entries that this machine remembers: it starts what every UEFI firmware looks for.
    enter debconf-set-selections <<-END
	grub-pc grub-pc/install_devices_empty boolean true
	grub-efi-amd64 grub2/force_efi_extra_removable boolean true
	grub-efi-amd64 grub2/update_nvram boolean false
	END
    rm -f "$ROOT"/etc/ssh/ssh_host_* "$ROOT/var/lib/dbus/machine-id" "$ROOT/var/lib/systemd/random-seed"
    drop_self_signed_certificate
    : >"$ROOT/etc/machine-id"
    # What systemd-resolved found when it was installed; its removal would bring it back.
    rm -f "$ROOT/etc/.resolv.conf.systemd-resolved.bak"
    if [ ! -L "$ROOT/etc/resolv.conf" ]; then
        rm -f "$ROOT/etc/resolv.conf"
        : >"$ROOT/etc/resolv.conf"
    fi
}

# The package ssl-cert makes a key pair when it is installed; every guest of a template would share it.
# `make-ssl-cert generate-default-snakeoil` makes one of the guest's own.
drop_self_signed_certificate() {
    rm -f "$ROOT/etc/ssl/private/ssl-cert-snakeoil.key" "$ROOT/etc/ssl/certs/ssl-cert-snakeoil.pem"
    find "$ROOT/etc/ssl/certs" -lname '*ssl-cert-snakeoil.pem' -delete 2>/dev/null || true
}

make_initramfs() {
    say "making the initramfs"
    install -D -m 0755 "$HERE/initramfs-hook.sh" "$ROOT/etc/initramfs-tools/hooks/virtual-machine"
    # Those of the hook, see there.
    echo 'MODULES=list' >"$ROOT/etc/initramfs-tools/conf.d/virtual-machine"
    # The root device cannot be looked at here, so its type is told for this one run; fsck comes along by it.
    echo 'FSTYPE=ext4' >"$ROOT/etc/initramfs-tools/conf.d/mintmark"
    enter update-initramfs -c -k all
    rm "$ROOT/etc/initramfs-tools/conf.d/mintmark"
    cp "$(find "$ROOT/boot" -name 'vmlinuz-*' | sort -V | tail -n 1)" "$OUT/vmlinuz"
}

# GRUB's own scripts write grub.cfg; only the program that looks at block devices is answered for.
make_boot_loader() {
    say "writing the boot loader"
    mkdir -p "$ROOT/boot/grub"
    enter grub-editenv /boot/grub/grubenv create
    write_grub_config
    # shellcheck disable=SC2016 # $root is GRUB's variable
    printf 'search --fs-uuid --set=root %s\nset prefix=($root)/boot/grub\n' "$ROOT_UUID" >"$ROOT/tmp/early.cfg"
    [ "$LAYOUT" = uefi ] || make_bios_loader
    [ "$LAYOUT" = bios ] || make_efi_loader
    rm "$ROOT/tmp/early.cfg"
}

write_grub_config() {
    case $PARTITION_TABLE in
    mbr) map=msdos ;;
    *) map=$PARTITION_TABLE ;;
    esac
    sed -e "s/@ROOT_UUID@/$ROOT_UUID/g" -e "s/@MAP@/$map/g" -e "s/@NUMBER@/$ROOT_NUMBER/g" \
        "$HERE/grub-probe.sh" >"$SCRATCH/grub-probe"
    chmod 0755 "$SCRATCH/grub-probe"
    mount --bind "$SCRATCH/grub-probe" "$ROOT/usr/sbin/grub-probe"
    enter update-grub
    umount "$ROOT/usr/sbin/grub-probe"
    if ! grep -q "root=UUID=$ROOT_UUID" "$ROOT/boot/grub/grub.cfg"; then
        echo "grub.cfg does not name the root filesystem $ROOT_UUID" >&2
        return 1
    fi
}

# Makes $2 of GRUB for the platform $1, with these modules built in and the others beside grub.cfg.
make_core() {
    platform=$1
    core=$2
    shift 2
    mkdir -p "$ROOT/boot/grub/$platform"
    cp "$ROOT/usr/lib/grub/$platform"/*.mod "$ROOT/usr/lib/grub/$platform"/*.lst "$ROOT/boot/grub/$platform/"
    enter grub-mkimage -O "$platform" -c /tmp/early.cfg -p /boot/grub -o /tmp/core \
        part_msdos part_gpt ext2 search search_fs_uuid "$@"
    mv "$ROOT/tmp/core" "$core"
}

make_bios_loader() {
    make_core i386-pc "$OUT/core.img" biosdisk
    cp "$ROOT/usr/lib/grub/i386-pc/boot.img" "$OUT/boot.img"
}

# What grub-install puts into the EFI system partition: the distribution's directory, and the place where firmware
# looks that remembers nothing. core.efi tells an upgrade of GRUB that grub-install is to renew all that.
make_efi_loader() {
    esp=$OUT/esp/EFI
    core=$ROOT/boot/grub/x86_64-efi/core.efi
    mkdir -p "$esp/BOOT" "$esp/debian"
    install -d -m 0700 "$ROOT/boot/efi"
    make_core x86_64-efi "$core"
    if [ "$SECURE_BOOT" != true ]; then
        cp "$core" "$esp/debian/grubx64.efi"
        cp "$core" "$esp/BOOT/BOOTX64.EFI"
        return
    fi
    shim=$ROOT/usr/lib/shim
    cp "$ROOT/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed" "$esp/debian/grubx64.efi"
    cp "$shim/mmx64.efi.signed" "$esp/debian/mmx64.efi"
    cp "$esp/debian/grubx64.efi" "$esp/debian/mmx64.efi" "$esp/BOOT/"
    cp "$shim/shimx64.efi.signed" "$esp/BOOT/BOOTX64.EFI"
    cp "$shim/shimx64.efi.signed" "$esp/debian/shimx64.efi"
    # Not beside BOOTX64.EFI, where it would run at every start of a machine that remembers nothing.
    cp "$shim/fbx64.efi.signed" "$esp/debian/fbx64.efi"
    cp "$shim/BOOTX64.CSV" "$esp/debian/"
    # Debian's signed GRUB looks here for its configuration.
    # shellcheck disable=SC2016 # $root and $prefix are GRUB's variables
    printf "search.fs_uuid %s root \nset prefix=(\$root)'/boot/grub'\nconfigfile \$prefix/grub.cfg\n" "$ROOT_UUID" \
        >"$esp/debian/grub.cfg"
}

# The small initramfs that boots the build and finish machines: busybox and a few modules of this kernel.
make_microvm() {
    say "making the microvm initramfs"
    microvm=$SCRATCH/microvm
    mkdir -p "$microvm/bin" "$microvm/modules" "$microvm/proc" "$microvm/sys" "$microvm/dev" "$microvm/run" "$microvm/root"
    dpkg-deb --fsys-tarfile "$JOB/busybox.deb" | tar -x -C "$SCRATCH" --wildcards --transform 's,.*/,busybox.,' '*/bin/busybox'
    mv "$SCRATCH/busybox.busybox" "$microvm/bin/busybox"
    install -m 0755 "$JOB/microvm-init" "$microvm/init"
    release=$(basename "$(find "$ROOT/boot" -name 'vmlinuz-*' | sort -V | tail -n 1)")
    release=${release#vmlinuz-}
    # Not in a pipeline: there the failure of its first program would go unnoticed.
    for module in virtio_pci virtio_blk virtio_net virtio_rng ext4; do
        enter modprobe --set-version "$release" --show-depends "$module"
    done >"$SCRATCH/dependencies"
    sed -n 's/^insmod \([^ ]*\).*/\1/p' "$SCRATCH/dependencies" | awk '!seen[$0]++' >"$SCRATCH/modules"
    while read -r path; do
        name=$(basename "$path")
        case $name in
        *.xz) xz -dc "$ROOT$path" >"$microvm/modules/${name%.xz}" ;;
        *.zst) zstd -qdc "$ROOT$path" >"$microvm/modules/${name%.zst}" ;;
        *) cp "$ROOT$path" "$microvm/modules/$name" ;;
        esac
        name=${name%.xz}
        echo "${name%.zst}" >>"$microvm/modules/order"
    done <"$SCRATCH/modules"
    find "$microvm" -exec touch --no-dereference --date="@$EPOCH" {} +
    (cd "$microvm" && find . | LC_ALL=C sort | cpio --quiet --reproducible -o -H newc -R 0:0 | gzip -n -1) >"$OUT/microvm.cpio.gz"
}

# Changelogs are kept beside the release before documentation goes; copyright files stay in the image.
drop_documentation() {
    (cd "$ROOT" && find usr/share/doc -name 'changelog*' | LC_ALL=C sort |
        tar -c --no-recursion --owner=0 --group=0 --numeric-owner --mtime="@$EPOCH" -T - | zstd -q -3 -T2) >"$OUT/changelogs.tar.zst"
    if [ "$REMOVE_DOCS" = true ]; then
        # Packages of one source link their directory to that of another, where their copyright file is.
        find "$ROOT/usr/share/doc" -mindepth 2 ! -type d ! -name copyright -delete
        find "$ROOT/usr/share/doc" "$ROOT/usr/share/doc-base" "$ROOT/usr/share/lintian" -mindepth 1 -type d -empty -delete 2>/dev/null || true
        for directory in man info; do
            [ ! -d "$ROOT/usr/share/$directory" ] || find "$ROOT/usr/share/$directory" ! -type d -delete
        done
    fi
    [ -z "$KEEP_LOCALES" ] || drop_locales
}

drop_locales() {
    for path in "$ROOT"/usr/share/locale/*/; do
        [ -d "$path" ] || continue
        case " $KEEP_LOCALES " in
        *" $(basename "$path") "*) ;;
        *) rm -r "$path" ;;
        esac
    done
}

# Logs and caches of the installation; they differ between two builds and mean nothing to the guest. So do device
# nodes, which only root can make (the kernel brings its own), and apt's directories, whose owner tells who built.
drop_traces() {
    find "$ROOT/var/log" -type f -delete
    find "$ROOT/dev" -mindepth 1 -delete
    rm -rf "$ROOT/var/cache/apt/archives/partial" "$ROOT/var/cache/apt/archives/lock"
    rm -rf "$ROOT/var/cache/ldconfig/aux-cache" "$ROOT"/var/cache/apt/*.bin "$ROOT"/var/lib/apt/lists/* \
        "$ROOT"/var/cache/debconf/*-old "$ROOT"/var/lib/dpkg/*-old "$ROOT"/tmp/* "$ROOT"/run/*
}

make_filesystem() {
    say "writing the filesystem"
    find "$ROOT" -newermt "@$EPOCH" -exec touch --no-dereference --date="@$EPOCH" {} +
    # Tells systemd that caches of /usr (linker, hardware, messages) are up to date, so that no first boot makes them anew.
    touch --reference="$ROOT/usr" "$ROOT/etc/.updated" "$ROOT/var/.updated"
    E2FSPROGS_FAKE_TIME=$EPOCH mke2fs -q -F -t ext4 -O '^metadata_csum_seed,^orphan_file' \
        -E "offset=$OFFSET_BYTES,hash_seed=$HASH_SEED,lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0" \
        -U "$ROOT_UUID" -L root -m 1 -d "$ROOT" "$OUT/disk.raw" "${FILESYSTEM_KIB}k" || too_small
}

# mke2fs has said why it failed; with a tree of nine tenths of the filesystem there can be only one reason.
too_small() {
    used=$(du -s --block-size=1K "$ROOT" | cut -f 1)
    [ "$used" -gt $((FILESYSTEM_KIB * 9 / 10)) ] || exit 1
    say "the files take $((used / 1024)) MiB, the filesystem has $((FILESYSTEM_KIB / 1024)) MiB"
    exit 28
}

prepare_scratch
hide_host_files
install_packages
mount_kernel_filesystems
configure
make_initramfs
make_boot_loader
make_microvm
unmount_kernel_filesystems
drop_documentation
drop_traces
make_filesystem
say "done"
