import { judgeFacts, unanswered } from './compared-facts.ts';
import type { Finding, GuestCheck } from './guest-check.ts';

/** Sectors of /sys are of 512 bytes, whatever the disk's are (Documentation/ABI/stable/sysfs-block). */
const SECTOR_BYTES = 512;

/** What may stay free behind the root: growpart and systemd-repart leave room for GPT's copy and for alignment. */
const FREE_AT_END_BYTES = 8 * 1024 * 1024;

/** The part of its partition that ext4 offers at least: inode tables and the journal take the rest. */
const SMALLEST_SHARE = 0.9;

/**
 * The root has grown to the end of the disk: its partition, which is the last one, and its file system. The machine must
 * have been given a disk larger than the image.
 */
export function checkRootSize(): GuestCheck {
  return {
    name: 'root-size',
    title: 'the root has grown to the end of the disk',
    isIdentity: false,
    // Words 1 and 2 are df's headings. A partition lies in /sys in the directory of its disk.
    script: `set -- $(df -B1 --output=source,size /)
echo "$3 $4"
p=/sys/class/block/\${3##*/}
read -r size <"$p/size" || exit 1
start=0 disk=$size
if [ -e "$p/partition" ]; then read -r start <"$p/start"; read -r disk <"$p/../size"; fi
echo "$start $size $disk"`,
    judge: (answer) => {
      const [filesystem = '', numbers = ''] = (answer.stdout ?? answer.text).split('\n');
      const bytes = Number(filesystem.trim().split(/\s+/)[1]);
      const [start = NaN, size = NaN, disk = NaN] = numbers.split(' ').map(Number);
      if ([bytes, start, size, disk].some(Number.isNaN)) return unanswered('sizes of root and disk', answer);
      return judgeSizes({
        filesystemBytes: bytes,
        partitionBytes: size * SECTOR_BYTES,
        freeBytes: (disk - start - size) * SECTOR_BYTES,
        diskBytes: disk * SECTOR_BYTES,
      });
    },
  };
}

interface RootSizes {
  readonly filesystemBytes: number;
  readonly partitionBytes: number;
  /** Behind the partition. */
  readonly freeBytes: number;
  readonly diskBytes: number;
}

function judgeSizes({ filesystemBytes, partitionBytes, freeBytes, diskBytes }: RootSizes): Finding {
  return judgeFacts([
    {
      what: 'partition',
      expected: `to the end of ${mib(diskBytes)}`,
      found: `${mib(partitionBytes)}, ${mib(freeBytes)} free behind it`,
      isKept: freeBytes <= FREE_AT_END_BYTES,
    },
    {
      what: 'file system',
      expected: `at least ${mib(SMALLEST_SHARE * partitionBytes)}`,
      found: mib(filesystemBytes),
      isKept: filesystemBytes >= SMALLEST_SHARE * partitionBytes,
    },
  ]);
}

function mib(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MiB`;
}
