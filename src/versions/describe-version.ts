import { renderIsoDate } from '../values/calendar-date.ts';
import { compareParsed } from './compare-versions.ts';
import { parseVersion } from './parse-version.ts';
import {
  identityOf,
  renderForms,
  renderVersion,
  type VersionForm,
  type VersionForms,
  type VersionScheme,
} from './version.ts';

/** What `version parse` says about a text. */
export interface VersionDescription {
  readonly text: string;
  readonly scheme: VersionScheme;
  readonly form: VersionForm;
  /** Whether the text names one release for ever; an alias does not. */
  readonly identity: boolean;
  /** `YYYY-MM-DD`, for the date scheme. */
  readonly date?: string;
  readonly rev?: number;
  readonly build?: number;
  /** All spellings, where the text is an identity. */
  readonly forms?: VersionForms;
}

/** What `version compare` says about two texts. */
export interface VersionComparison {
  readonly a: VersionDescription;
  readonly b: VersionDescription;
  readonly order: 'lower' | 'equal' | 'higher';
}

/** Takes a version text apart. @throws Failure `E_VERSION_INVALID` with every fault */
export function describeVersion(text: string, scheme?: VersionScheme): VersionDescription {
  const version = parseVersion(text, scheme);
  const identity = identityOf(version);
  return {
    text: renderVersion(version),
    scheme: version.scheme,
    form: version.form,
    identity: identity !== undefined,
    ...('date' in version ? { date: renderIsoDate(version.date) } : {}),
    ...('rev' in version ? { rev: version.rev } : {}),
    ...('build' in version ? { build: version.build } : {}),
    ...(identity ? { forms: renderForms(identity) } : {}),
  };
}

/** Compares two version texts. @throws Failure `E_VERSION_INVALID`, or `E_VERSION_MIXED` when they have no order */
export function compareVersions(a: string, b: string, scheme?: VersionScheme): VersionComparison {
  const order = compareParsed(parseVersion(a, scheme), parseVersion(b, scheme));
  return {
    a: describeVersion(a, scheme),
    b: describeVersion(b, scheme),
    order: order < 0 ? 'lower' : order > 0 ? 'higher' : 'equal',
  };
}
