import { expect, test } from '@jest/globals';
import { describeInspection } from '../../../src/cli/commands/inspect.ts';
import { DEFAULT_WIDTH } from '../../../src/cli/text-layout.ts';
import { createTextStyle, PLAIN_STYLE } from '../../../src/cli/text-style.ts';
import { judgeForAll } from '../../../src/inspection/consumers.ts';
import type { InspectedImage } from '../../../src/workflows/inspect-image.ts';
import { checkBuffer } from '../inspection/check-buffer.ts';
import { sampleOva } from '../inspection/sample-ova.ts';
import { sampleQcow2 } from '../inspection/sample-qcow2.ts';
import { sampleVhd } from '../inspection/sample-vhd.ts';

const layout = { width: DEFAULT_WIDTH, style: PLAIN_STYLE };

async function inspected(bytes: Buffer): Promise<InspectedImage> {
  return { path: '/images/disk', report: await checkBuffer(bytes), chain: [], chainFaults: [] };
}

test('a sound image is shown with all that is known of it, and who takes it', async () => {
  const image = await inspected(sampleVhd({ blocks: [Buffer.from('one'), undefined] }));
  const outcome = describeInspection(image, judgeForAll(image.report), layout);
  expect(outcome.failure).toBeUndefined();
  for (const line of [
    /^format\s+vhd, dynamic$/m,
    /^virtual size\s+4.0 MiB \(4194304\)$/m,
    /^creator\s+tap 1.3$/m,
    /^made\s+2010-01-01T00:00:00.000Z$/m,
    /^checksums\s+3, all valid$/m,
    /^✔\s+XenServer\s+takes$/m,
    /^✖\s+Azure\s+refuses\s+is vhd \(dynamic\), not a fixed VHD \[Azure: /m,
  ]) {
    expect(outcome.result).toMatch(line);
  }
  expect(outcome.document).toMatchObject({
    image: { report: { format: 'vhd' } },
    consumers: expect.any(Array),
  });
});

test('what is in an archive is shown, too', async () => {
  const image = await inspected(sampleOva());
  expect(describeInspection(image, [], layout).result).toMatch(/^disk\s+vm-disk1.vmdk: vmdk, 6.3 MiB/m);
});

test('an unsound image is shown all the same, and fails with every fault for programs', async () => {
  const image = await inspected(sampleQcow2({ backing: { name: 'base\x1b]0;owned\x07\n.img' } }));
  const outcome = describeInspection(image, judgeForAll(image.report), layout);
  expect(outcome.result).toMatch(/^✖ offset 8: backing file is set/m);
  expect(outcome.result).not.toMatch(/\x1b|\x07/);
  expect(outcome.failure).toMatchObject({
    kind: 'image-test',
    code: 'E_IMAGE_UNSOUND',
    message: '/images/disk is not sound: 2 faults',
    evidence: { faults: image.report.faults },
  });
});

test('colours are ours alone', async () => {
  const image = await inspected(sampleQcow2({ backing: { name: 'x', format: '\x1b[2J' } }));
  const coloured = describeInspection(image, judgeForAll(image.report), {
    ...layout,
    style: createTextStyle(true),
  });
  expect(coloured.result).toContain('\x1b[31m✖\x1b[39m');
  expect(coloured.result).not.toContain('\x1b[2J');
});
