import { basename } from 'node:path';
import { FRAGMENTS } from './built-in.ts';
import { COMPRESSIONS } from './check-outputs.ts';
import { DEFAULT_FILE_MODE, DEFAULT_MACHINE, DEFAULT_TIMEOUT_SECONDS } from './defaults.ts';
import { completeCheck, type ProfileCheckDocument } from './profile-check.ts';
import type {
  Output,
  Profile,
  ProfileFile,
  Provisioner,
  Target,
  TargetName,
  TemplateOptions,
} from './profile.ts';
import {
  TARGET_NAMES,
  type FileDocument,
  type OutputDocument,
  type ProfileDocument,
  type ProvisionerDocument,
  type TargetDocument,
} from './profile-document.ts';

/** A document that lies over the defaults, its lists already joined. */
export type MergedDocument = Omit<ProfileDocument, 'files' | 'provisioners' | 'checks' | 'template'> &
  Pick<Profile, 'os' | 'base' | 'disk' | 'packages' | 'guest' | 'vm' | 'finish' | 'version'> & {
    readonly files: readonly FileDocument[];
    readonly provisioners: readonly ProvisionerDocument[];
    readonly checks: readonly ProfileCheckDocument[];
    readonly template: Omit<TemplateOptions, 'name'> & Partial<Pick<TemplateOptions, 'name'>>;
  };

/** Fills in what depends on other keys, and drops what only documents have. */
export function completeProfile(document: MergedDocument, defaultName: string): Profile {
  const name = document.name ?? defaultName;
  const line = document.line ?? name;
  const { os, base, disk, packages, guest, vm, finish, version, template } = document;
  return {
    name,
    description: document.description ?? `Profile ${name}`,
    line,
    os,
    base,
    disk,
    packages,
    files: document.files.map(completeFile),
    provisioners: document.provisioners.map(completeProvisioner),
    checks: document.checks.map(completeCheck),
    guest,
    vm,
    targets: completeTargets(document.targets ?? {}),
    finish,
    version,
    template: { ...template, name: template.name ?? line },
  };
}

function completeFile(file: FileDocument): ProfileFile {
  return { ...file, mode: file.mode ?? DEFAULT_FILE_MODE };
}

function completeProvisioner(step: ProvisionerDocument): Provisioner {
  if (step.type === 'file') return { ...step, name: step.name ?? `copy ${basename(step.source)}` };
  const { env = {}, timeoutSeconds = DEFAULT_TIMEOUT_SECONDS, retries = 0 } = step;
  const name = step.name ?? (step.script === undefined ? 'inline script' : basename(step.script));
  return { ...step, name, env, timeoutSeconds, retries };
}

function completeTargets(targets: Readonly<Partial<Record<TargetName, TargetDocument>>>): Profile['targets'] {
  const wanted = TARGET_NAMES.filter((name) => targets[name] !== undefined);
  return Object.fromEntries(wanted.map((name) => [name, completeTarget(name, targets[name] ?? {})]));
}

function completeTarget(name: TargetName, target: TargetDocument): Target {
  const usual = FRAGMENTS[`target:${name}`]?.targets?.[name] ?? {};
  const { also = [], machine, ...own } = target;
  const output = completeOutput({ ...own, format: own.format ?? usual.format ?? 'qcow2' });
  const outputs = [output, ...also.map(completeOutput)];
  const needsMachine = machine !== undefined || outputs.some(({ format }) => format === 'ova');
  return {
    ...output,
    also: outputs.slice(1),
    ...(needsMachine ? { machine: { ...DEFAULT_MACHINE, ...machine } } : {}),
  };
}

/** An artifact with everything that its document leaves to the format. */
export function completeOutput({ format, ...chosen }: OutputDocument): Output {
  return {
    format,
    compression: COMPRESSIONS[format][0] ?? 'none',
    ...(format === 'qcow2' ? { compat: '1.1' as const } : {}),
    ...(format === 'vhd' ? { subformat: 'dynamic' as const } : {}),
    outer: 'none',
    missing: 'fail',
    ...chosen,
  };
}
