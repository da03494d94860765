import { join } from 'node:path';
import { expect } from '@jest/globals';
import { TemplateGuest } from './template-guest.ts';

/** What a booted guest has to agree with. */
export interface ExpectedTemplate {
  readonly image: string;
  readonly imageId: string;
  readonly imageVersion: string;
  readonly packages: number;
}

/** What a guest tells of itself, by the names in {@link ASK_FACTS}. */
export type GuestFacts = Readonly<Record<string, string>>;

/** Size of the guests' disks: twice the template's, so that the root filesystem has to grow. */
const DISK_SIZE_GIB = 8;
const ROOT_AT_LEAST_KIB = 7 * 1024 * 1024;
const SCRIPT_DEADLINE_MS = 5 * 60_000;

const ASK_FACTS = `
echo "state=$(systemctl is-system-running --wait)"
echo "failed=$(systemctl --failed --plain --no-legend --no-pager | cut -d ' ' -f 1 | tr '\\n' ' ')"
echo "rootKiB=$(df --output=size -k / | tail -n 1)"
. /etc/os-release
echo "imageId=$IMAGE_ID"
echo "imageVersion=$IMAGE_VERSION"
echo "hostname=$(uname -n)"
echo "machineId=$(cat /etc/machine-id)"
echo "hostKeys=$(cut -d ' ' -f 2 /etc/ssh/ssh_host_*_key.pub | sort | tr '\\n' ' ')"
echo "packages=$(dpkg-query -W -f '\${db:Status-Abbrev}\\n' | grep -c '^ii')"
echo "unfinished=$(dpkg --audit | tr '\\n' ' ')"
echo "foreignKeys=$(sudo -n sh -c 'cat /root/.ssh/* /home/*/.ssh/* 2>/dev/null' | grep -vc 'throw-away$')"
`;

/** What an upgrade of GRUB or of the kernel runs in the guest. */
const UPGRADES = {
  grub: 'export DEBIAN_FRONTEND=noninteractive; sudo -nE dpkg-reconfigure grub-pc && sudo -n update-grub',
  kernel: 'export DEBIAN_FRONTEND=noninteractive; sudo -nE dpkg-reconfigure "linux-image-$(uname -r)"',
};

/**
 * Boots two guests from fresh overlays. They must come up whole, grow their disks, and share neither machine-id nor
 * host keys. Then one goes through what an upgrade of GRUB does, the other through that of a kernel, and both must
 * come back as the machines they were.
 */
export async function expectTwoGuests(
  template: ExpectedTemplate,
  place: { readonly directory: string; readonly isoProgram: string },
  say: (text: string) => void,
): Promise<void> {
  const guests: TemplateGuest[] = [];
  const { image } = template;
  try {
    say('booting two guests');
    for (const name of ['guest-one', 'guest-two']) {
      const options = { directory: join(place.directory, name), image, diskSizeGiB: DISK_SIZE_GIB };
      guests.push(await TemplateGuest.start({ ...options, isoProgram: place.isoProgram }));
    }
    const facts = await allOf(guests.map((guest) => firstBoot(guest, template, say)));
    expectStrangers(facts);
    const upgrades = Object.values(UPGRADES);
    await allOf(
      guests.map((guest, index) =>
        upgrade(guest, upgrades[index] ?? 'false', facts[index], { template, say }),
      ),
    );
  } finally {
    await Promise.all(guests.map((guest) => guest.stop()));
  }
}

async function firstBoot(
  guest: TemplateGuest,
  template: ExpectedTemplate,
  say: (text: string) => void,
): Promise<GuestFacts> {
  const startedAt = performance.now();
  await guest.waitForSsh();
  say(`${guest.name} lets us in after ${secondsSince(startedAt)} s`);
  const facts = await askFacts(guest);
  say(`${guest.name} is ${facts['state']}`);
  expectHealthy(facts, guest, template);
  return facts;
}

async function askFacts(guest: TemplateGuest): Promise<GuestFacts> {
  const lines = (await guest.sshOk(ASK_FACTS, SCRIPT_DEADLINE_MS)).split('\n');
  const pairs = lines.map((line) => [line.split('=', 1)[0] ?? '', line.slice(line.indexOf('=') + 1).trim()]);
  return Object.fromEntries(pairs);
}

function expectHealthy(facts: GuestFacts, guest: TemplateGuest, template: ExpectedTemplate): void {
  expect(facts).toMatchObject({
    state: 'running',
    failed: '',
    hostname: guest.name,
    imageId: template.imageId,
    imageVersion: template.imageVersion,
    packages: String(template.packages),
    unfinished: '',
    foreignKeys: '0',
    machineId: expect.stringMatching(/^[0-9a-f]{32}$/),
    hostKeys: expect.stringMatching(/^\S{60,}( \S{60,})+$/),
  });
  expect(Number(facts['rootKiB'])).toBeGreaterThan(ROOT_AT_LEAST_KIB);
}

/** Two guests of one template have nothing in common that tells one machine from another. */
function expectStrangers([one, two]: readonly GuestFacts[]): void {
  expect(one?.['machineId']).not.toBe(two?.['machineId']);
  const keys = `${one?.['hostKeys']} ${two?.['hostKeys']}`.split(' ');
  expect(new Set(keys).size).toBe(keys.length);
}

async function upgrade(
  guest: TemplateGuest,
  script: string,
  before: GuestFacts | undefined,
  { template, say }: { readonly template: ExpectedTemplate; readonly say: (text: string) => void },
): Promise<void> {
  const startedAt = performance.now();
  await guest.sshOk(script, SCRIPT_DEADLINE_MS);
  say(`${guest.name} went through it in ${secondsSince(startedAt)} s, and reboots`);
  await guest.reboot();
  const after = await askFacts(guest);
  say(`${guest.name} is back and ${after['state']}`);
  expectHealthy(after, guest, template);
  expect([after['machineId'], after['hostKeys']]).toEqual([before?.['machineId'], before?.['hostKeys']]);
}

/** What every promise gave; the first failure only when none of them is at work any more. */
async function allOf<Value>(promises: readonly Promise<Value>[]): Promise<Value[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

function secondsSince(startedAt: number): string {
  return ((performance.now() - startedAt) / 1000).toFixed(0);
}
