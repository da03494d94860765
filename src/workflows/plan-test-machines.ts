import { speaksOn } from '../guest/boot-contracts.ts';
import type { BootContractName } from '../guest/boot-contract-name.ts';
import { imageSuffix } from './tested-artifact.ts';
import type { ImagePromise } from './guest-promises.ts';
import { defaultContract, TARGETS_BY_LIKENESS } from './guest-promises.ts';
import type { SubjectArtifact, TestSubject } from './test-subject.ts';

/** A machine that is booted in a test. */
export interface PlannedMachine {
  readonly artifact: SubjectArtifact;
  readonly contract: BootContractName;
  /** Name of its suite: `kvm qcow2`, `kvm qcow2, second machine`. */
  readonly suite: string;
  /** Begins the names of its files. */
  readonly slug: string;
  /** Whether it answers everything, and is restarted. */
  readonly isFull: boolean;
  readonly firmware: 'bios' | 'efi';
}

/** What is asked of the machines of a test. */
export interface MachineWishes {
  /** Contract to speak instead of the one that the image promises. */
  readonly contract?: BootContractName | undefined;
  /** Whether every artifact is booted once and no more. */
  readonly isAlone?: boolean | undefined;
}

/**
 * The machines of a test: every artifact once, the first of them (which QEMU can be best) in full. An image that would be
 * booted only once is booted by a second machine as well, to see that the two are strangers; one that promises both
 * firmwares boots by UEFI there.
 */
export function planTestMachines(
  { artifacts, promise }: Pick<TestSubject, 'artifacts' | 'promise'>,
  { contract: wanted, isAlone = false }: MachineWishes,
): PlannedMachine[] {
  const ordered = artifacts.toSorted((a, b) => likeness(a) - likeness(b));
  const names = suiteNames(ordered);
  const machines = ordered.map((artifact, index): PlannedMachine => {
    const suite = names[index] ?? '';
    return {
      artifact,
      contract: contractFor(promise, artifact, wanted),
      suite,
      slug: slugOf(suite),
      isFull: index === 0,
      firmware: promise.guest.disk.layout === 'uefi' ? 'efi' : 'bios',
    };
  });
  const [first] = machines;
  if (first === undefined || isAlone) return machines;
  return [...machines, ...secondMachine(first, machines.length, promise)];
}

function secondMachine(first: PlannedMachine, count: number, { guest }: ImagePromise): PlannedMachine[] {
  const isHybrid = guest.disk.layout === 'hybrid';
  if (count > 1 && !isHybrid) return [];
  const suite = `${first.suite}, ${isHybrid ? 'UEFI' : 'second machine'}`;
  const firmware = isHybrid ? 'efi' : first.firmware;
  return [{ ...first, suite, slug: slugOf(suite), isFull: false, firmware }];
}

function likeness({ target }: SubjectArtifact): number {
  return TARGETS_BY_LIKENESS.indexOf(target);
}

/** What was asked for holds where it can be spoken; a server of another kind is not met on that hypervisor. */
function contractFor(
  { guest }: ImagePromise,
  { target }: SubjectArtifact,
  wanted: BootContractName | undefined,
): BootContractName {
  return wanted !== undefined && speaksOn(wanted, target) ? wanted : defaultContract(guest);
}

/** `kvm qcow2`; a number behind it where that is no name of its own. */
function suiteNames(artifacts: readonly SubjectArtifact[]): string[] {
  const taken = new Map<string, number>();
  return artifacts.map(({ target, path }) => {
    const name = `${target} ${imageSuffix(path)}`;
    const count = (taken.get(name) ?? 0) + 1;
    taken.set(name, count);
    return count === 1 ? name : `${name} ${count}`;
  });
}

function slugOf(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}
