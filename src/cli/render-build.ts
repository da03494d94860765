import { isMapping } from '../schemas/document-path.ts';
import { renderByteSize } from '../values/byte-size.ts';
import { shortDigest } from '../values/digest.ts';
import { renderDuration } from '../values/duration.ts';
import type { BuildOutcome } from '../workflows/build-outcome.ts';
import { STAGES } from '../workflows/events.ts';
import { alignRight, renderColumns, truncate, type TextLayout } from './text-layout.ts';

/** How many packages the summary names. */
const SHOWN_PACKAGES = 5;

/** The summary at the end of a build, several lines. */
export function renderBuildOutcome(outcome: BuildOutcome, layout: TextLayout): string {
  switch (outcome.status) {
    case 'built':
      return renderBuilt(outcome, layout);
    case 'up-to-date':
      return renderUpToDate(outcome);
    case 'unchanged':
      return renderUnchanged(outcome);
    default:
      return renderPlanned(outcome, layout);
  }
}

function renderBuilt(outcome: BuildOutcome, layout: TextLayout): string {
  const { style, width } = layout;
  const usual = outcome.usualMs === undefined ? '' : `, usually ${renderDuration(outcome.usualMs)}`;
  const title = `  ${style.bold(`${outcome.line} ${outcome.long}`)}`;
  const facts = [
    ['time', renderStageTimes(outcome)],
    ['size', renderSizes(outcome)],
    ['packages', renderPackages(outcome)],
  ].filter(([, text]) => text !== '');
  return [
    alignRight(title, `${renderDuration(outcome.totalMs)}${usual}`, width),
    ...(outcome.path === undefined ? [] : [`  ${outcome.path}`]),
    ...renderArtifacts(outcome, layout),
    ...renderColumns(facts, 2),
    ...(outcome.remarks ?? []).map((remark) => `  ${remark}`),
  ].join('\n');
}

function renderUpToDate(outcome: BuildOutcome): string {
  const what = `up to date: ${outcome.line} ${outcome.long} has the same recipe and the same packages`;
  const lines = [`${what} (checked in ${renderDuration(outcome.totalMs)})`];
  if (outcome.path !== undefined) lines.push(`  ${outcome.path}`);
  return [
    ...lines,
    ...(outcome.remarks ?? []).map((remark) => `  ${remark}`),
    '  --rebuild builds anyway',
  ].join('\n');
}

function renderUnchanged(outcome: BuildOutcome): string {
  const what = `unchanged: ${outcome.line} ${outcome.long} has the same content, so nothing was filed`;
  return [
    `${what} (found in ${renderDuration(outcome.totalMs)})`,
    ...(outcome.path === undefined ? [] : [`  ${outcome.path}`]),
    ...(outcome.remarks ?? []).map((remark) => `  ${remark}`),
  ].join('\n');
}

function renderPlanned(outcome: BuildOutcome, { style, width }: TextLayout): string {
  const name = style.bold(`${outcome.line} ${outcome.long}`);
  const entries = Object.entries(isMapping(outcome.plan) ? outcome.plan : {});
  const labelWidth = Math.max(0, ...entries.map(([key]) => key.length));
  const rows = entries.map(([key, value]) => [
    key,
    truncate(renderPlannedValue(value), width - labelWidth - 4),
  ]);
  return [
    `would build ${name} for ${outcome.arch}; nothing was reserved or written`,
    ...renderColumns(rows, 2),
    ...(outcome.remarks ?? []).map((remark) => `  ${remark}`),
    '  in a pipe, or with --json, the whole plan is printed',
  ].join('\n');
}

/** One part of a plan in one line: `215: adduser 3.152, apt 3.0.4, …`. */
function renderPlannedValue(value: unknown): string {
  if (Array.isArray(value)) return `${value.length}: ${value.map(renderPlannedValue).join(', ')}`;
  if (!isMapping(value)) return String(value);
  return Object.values(value)
    .filter((member) => typeof member !== 'object')
    .map(String)
    .join(' ');
}

/** `412 MiB (5.0 GiB virtual)   sha256 9f2c…41`; of several artifacts a line each, with its target and name. */
function renderArtifacts({ artifacts }: BuildOutcome, { style }: TextLayout): string[] {
  const rows = artifacts.map(({ target, path, sizeBytes, virtualSizeBytes, sha256 }) => ({
    names: [target, path.slice(path.lastIndexOf('/') + 1)],
    size: `${renderByteSize(sizeBytes)} (${renderByteSize(virtualSizeBytes)} virtual)`,
    digest: style.dim(`sha256 ${shortDigest(sha256)}`),
  }));
  const [only, ...others] = rows;
  if (only && others.length === 0) return [`  ${only.size}   ${only.digest}`];
  return renderColumns(
    rows.map(({ names, size, digest }) => [...names, size, digest]),
    2,
  );
}

/** `plan 0.6 s · base 1m 48 s`, in the order of the pipeline. */
function renderStageTimes({ stageMs }: BuildOutcome): string {
  return STAGES.flatMap((stage) => {
    const durationMs = stageMs[stage];
    return durationMs === undefined ? [] : [`${stage} ${renderDuration(durationMs)}`];
  }).join(' · ');
}

/** `base 640 MiB → provisioned 702 MiB → finished 655 MiB → packed 188 MiB` */
function renderSizes({ sizes }: BuildOutcome): string {
  const steps = [
    ['base', sizes.baseBytes],
    ['provisioned', sizes.provisionedBytes],
    ['finished', sizes.finishedBytes],
    ['packed', sizes.packedBytes],
  ] as const;
  return steps
    .flatMap(([name, sizeBytes]) => (sizeBytes === undefined ? [] : [`${name} ${renderByteSize(sizeBytes)}`]))
    .join(' → ');
}

/** `linux-image-6.1 101 MiB, perl-base 8.0 MiB`, the costliest first. */
function renderPackages({ biggestPackages }: BuildOutcome): string {
  return biggestPackages
    .slice(0, SHOWN_PACKAGES)
    .map((cost) => `${cost.name} ${renderByteSize(cost.sizeBytes)}`)
    .join(', ');
}
