import type { Verdict } from '../inspection/consumer.ts';
import type { ImageReport } from '../inspection/image-report.ts';
import { renderFault } from '../inspection/sound-image.ts';
import { renderByteSize } from '../values/byte-size.ts';
import type { InspectedImage } from '../workflows/inspect-image.ts';
import { renderColumns, withoutControlCharacters, type TextLayout } from './text-layout.ts';

/** What a file is, what is wrong with it, and what each consumer would say. Names from the image are made harmless. */
export function renderInspection(
  image: InspectedImage,
  verdicts: readonly Verdict[],
  { style }: TextLayout,
): string {
  const faults = [...image.report.faults, ...image.chainFaults];
  const marks = { takes: style.green('✔'), 'takes with remarks': style.yellow('!'), refuses: style.red('✖') };
  const said = verdicts.flatMap(({ name, verdict, reasons }) => {
    const [first = '', ...more] = reasons.map(({ text, source }) => `${text} ${style.dim(`[${source}]`)}`);
    return [[marks[verdict], name, verdict, first], ...more.map((reason) => ['', '', '', reason])];
  });
  const found = faults.map((fault) => `${style.red('✖')} ${renderFault(fault)}`);
  const further = image.report.furtherFaults;
  const lines = [
    ...renderColumns(describe(image, style)),
    ...(found.length === 0 ? [] : ['', ...found, ...(further > 0 ? [`  and ${further} more`] : [])]),
    '',
    ...renderColumns(said),
  ];
  return lines.map(harmless).join('\n');
}

/** Colours are ours and stay; everything else that moves a cursor came out of the image. */
function harmless(line: string): string {
  return line
    .split(/(\x1b\[[0-9;]*m)/)
    .map((part, index) => (index % 2 === 1 ? part : withoutControlCharacters(part)))
    .join('');
}

function describe({ path, report, chain }: InspectedImage, style: TextLayout['style']): string[][] {
  const rows: [string, string | undefined][] = [
    ['file', path],
    ['format', report.subformat === undefined ? report.format : `${report.format}, ${report.subformat}`],
    ['virtual size', sizeOf(report.virtualSizeBytes)],
    ['file size', sizeOf(report.fileSizeBytes)],
    ['allocated', sizeOf(report.allocatedBytes)],
    ['block size', sizeOf(report.blockBytes)],
    ['creator', creatorOf(report)],
    ['made', madeAt(report)],
    ['geometry', geometryOf(report)],
    ['boot', bootOf(report)],
    ['features', listOf(report.features)],
    ...Object.entries(report.identifiers),
    ['checksums', checksumsOf(report)],
    [
      'needs',
      listOf(
        report.references.map(
          ({ kind, name, format }) => `${kind} ${JSON.stringify(name)} (${format ?? 'format not stated'})`,
        ),
      ),
    ],
    ['chain', listOf(chain.map(({ name, report: { format } }) => `${name} (${format})`))],
    ...report.disks.map((disk): [string, string] => [
      'disk',
      `${disk.name ?? ''}: ${disk.format}, ${sizeOf(disk.virtualSizeBytes) ?? ''}`,
    ]),
  ];
  return rows.flatMap(([label, text]) => (text === undefined ? [] : [[style.dim(label), text]]));
}

function sizeOf(bytes: number | undefined): string | undefined {
  return bytes === undefined ? undefined : `${renderByteSize(bytes)} (${bytes})`;
}

function listOf(words: readonly string[]): string | undefined {
  return words.length === 0 ? undefined : words.join(', ');
}

function creatorOf({ creator, creatorVersion }: ImageReport): string | undefined {
  if (creator === undefined || creatorVersion === undefined) return creator;
  return `${creator} ${Math.floor(creatorVersion / 2 ** 16)}.${creatorVersion % 2 ** 16}`;
}

function madeAt({ timestamp }: ImageReport): string | undefined {
  return timestamp?.toISOString();
}

function geometryOf({ geometry }: ImageReport): string | undefined {
  if (!geometry) return undefined;
  return `${geometry.cylinders} cylinders, ${geometry.heads} heads, ${geometry.sectors} sectors`;
}

function bootOf({ boot }: ImageReport): string | undefined {
  if (!boot) return undefined;
  const table = boot.partitionTable === 'none' ? 'no partition table' : boot.partitionTable.toUpperCase();
  return [
    table,
    ...(boot.efiSystemPartition ? ['EFI system partition'] : []),
    ...(boot.bootCode ? ['boot code'] : []),
  ].join(', ');
}

function checksumsOf({ checksums }: ImageReport): string | undefined {
  if (checksums.length === 0) return undefined;
  const wrong = checksums.filter(({ valid }) => !valid).map(({ name }) => name);
  return wrong.length === 0
    ? `${checksums.length}, all valid`
    : `${wrong.length} of ${checksums.length} wrong: ${wrong.join(', ')}`;
}
