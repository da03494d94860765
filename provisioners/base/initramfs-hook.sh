#!/bin/sh
# Installed as a hook of initramfs-tools: what a virtual machine needs to reach its root filesystem, in place of the
# drivers of every machine there is (MODULES=most). The boot loader reads the initramfs through the BIOS, and the kernel
# unpacks it before anything else happens: half its size is a second of every start without hardware virtualisation.
# Drivers that a kernel lacks, or has built in, are passed over.
#
# Another disk, such as one over the network, needs its driver in /etc/initramfs-tools/modules, or MODULES=most in
# /etc/initramfs-tools/conf.d/virtual-machine.
set -e

# After udev's own hook, which brings the hardware database.
case ${1:-} in
prereqs)
    echo udev
    exit 0
    ;;
esac
# shellcheck source=/dev/null
. /usr/share/initramfs-tools/hook-functions

# The root file system, and what its checksums need.
manual_add_modules ext4 crc32c crc32c_generic crc32c_intel libcrc32c
# KVM.
manual_add_modules virtio_pci virtio_mmio virtio_blk virtio_scsi
# VMware: LSI Logic parallel and SAS, paravirtual.
manual_add_modules mptspi mptsas vmw_pvscsi
# Hyper-V; disks of its second generation hang on a PCI bus of its own when they are passed through.
manual_add_modules hv_vmbus hv_storvsc pci_hyperv hyperv_keyboard
# Xen.
manual_add_modules xen_blkfront xen_scsifront
# Controllers that all of them emulate.
manual_add_modules ata_piix ata_generic ahci nvme sym53c8xx megaraid_sas
manual_add_modules sd_mod sr_mod
# A keyboard for the shell that opens when something is wrong.
manual_add_modules atkbd i8042

# Names of hardware for people. No disk is found by it, and unpacked it is the largest file of all.
rm -f "${DESTDIR:?}/usr/lib/udev/hwdb.bin" "$DESTDIR/lib/udev/hwdb.bin"
