import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { guestFactsOf, withRunningFacts } from '../guest/guest-facts.ts';
import {
  FACT_QUESTIONS,
  LISTENERS_QUESTION,
  parseActiveServices,
  parseListeners,
  SERVICES_QUESTION,
} from '../guest/listeners.ts';
import type { TimedAnswer } from '../guest/check-script.ts';
import type { SecretFilter } from '../host/secrets.ts';
import { renderGuestFacts, type GuestFacts } from '../manifests/guest-facts.ts';
import { renderTestResult, testResultOf } from '../manifests/test-result.ts';
import type { TestReport } from '../manifests/test-report.ts';
import { renderBootTimeline } from '../reports/boot-timeline.ts';
import { renderJunit } from '../reports/junit.ts';
import type { GuestContent } from './read-guest.ts';
import type { ImageTest } from './test-image.ts';

/** What is written of a test. */
export interface TestRecords extends Pick<ImageTest, 'report' | 'answers' | 'evidence'> {
  /** What the disk holds; absent where it could not be read. */
  readonly content: GuestContent | undefined;
}

/** Name of the facts about a guest in a release. */
export const FACTS_FILE = 'facts.json';

/**
 * Writes everything that a test left for people and programs into a directory: `junit.xml`, `test-result.json`,
 * `boot.svg`, `facts.json`, the consoles and the screens. Returns the names of the files. Secrets are left out of all texts.
 */
export async function writeTestRecords(
  directory: string,
  { report, answers, evidence, content }: TestRecords,
  secrets: SecretFilter,
): Promise<string[]> {
  await mkdir(directory, { recursive: true });
  const facts = content === undefined ? undefined : factsOf(content, answers);
  const texts: readonly (readonly [string, string])[] = [
    ['junit.xml', renderJunit(report)],
    ['test-result.json', renderTestResult(testResultOf(report))],
    ...(hasBoots(report) ? [['boot.svg', renderBootTimeline(report.suites)] as const] : []),
    ...(facts === undefined ? [] : [[FACTS_FILE, renderGuestFacts(facts)] as const]),
  ];
  for (const [name, text] of texts) await writeFile(join(directory, name), secrets.text(text));
  for (const { name, path } of evidence) await copyEvidence(path, join(directory, name), secrets);
  return [...texts.map(([name]) => name), ...evidence.map(({ name }) => name)];
}

function hasBoots({ suites }: TestReport): boolean {
  return suites.some(({ boot }) => boot !== undefined);
}

/** What the disk says; with what the guest said, where one was asked. */
function factsOf(content: GuestContent, answers: ImageTest['answers']): GuestFacts {
  const facts = guestFactsOf(content);
  if (FACT_QUESTIONS.some(({ name }) => !isAnswered(answers.get(name)))) return facts;
  const textOf = (name: string): string => answers.get(name)?.text ?? '';
  return withRunningFacts(facts, {
    activeUnits: parseActiveServices(textOf(SERVICES_QUESTION.name)),
    listeners: parseListeners(textOf(LISTENERS_QUESTION.name)),
  });
}

function isAnswered(answer: TimedAnswer | undefined): boolean {
  return answer?.exitCode === 0;
}

async function copyEvidence(from: string, to: string, secrets: SecretFilter): Promise<void> {
  if (from.endsWith('.png')) await copyFile(from, to);
  else await writeFile(to, secrets.text(await readFile(from, 'utf8')));
}
