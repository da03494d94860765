import type { Fault } from '../errors/fault.ts';
import { isHclList, isHclMap, type HclValue } from '../hcl/literal.ts';
import { parseHcl, type ParseHcl } from '../hcl/parse-hcl.ts';
import { readHcl, readHclList } from '../hcl/read.ts';
import { HclTemplate } from '../hcl/template.ts';
import { canonicalJson } from '../values/digest.ts';
import { hasQemuOption } from './dialect.ts';
import { MAIN_FILE, variableNames } from './project.ts';
import type { PlannedProvisioner } from './provisioning.ts';
import type { ProjectMeaning } from './render-templates.ts';

/**
 * Reads a project's main file as Packer would and compares it with what it was meant to say: variables, every
 * option of the source, every provisioner with its environment. A fault is a bug of ours or a change by hand.
 * Raises `E_HCL_INVALID` for text that is no HCL.
 */
export async function checkReadBack(
  project: ProjectMeaning,
  text: string,
  parse: ParseHcl = parseHcl,
): Promise<Fault[]> {
  const document = await readHcl(MAIN_FILE, text, parse);
  const comparison = new Comparison(parse);
  checkVariables(comparison, project, document['variable']);
  checkSource(comparison, project, first(memberOf(document, 'source', 'qemu', 'mintmark')));
  const provisioners = memberOf(first(document['build']), 'provisioner');
  for (const type of ['shell', 'file'] as const) {
    const meant = project.steps.flatMap((step) => step.provisioners.filter((one) => one.type === type));
    const found = listOf(memberOf(provisioners, type));
    comparison.same(`build.provisioner.${type}.length`, meant.length, found.length);
    for (const [index, provisioner] of meant.entries()) {
      await checkProvisioner(comparison, `build.provisioner.${type}[${index}]`, provisioner, found[index]);
    }
  }
  return comparison.faults;
}

class Comparison {
  readonly faults: Fault[] = [];
  readonly parse: ParseHcl;

  constructor(parse: ParseHcl) {
    this.parse = parse;
  }

  same(path: string, meant: HclValue | undefined, found: HclValue | undefined): void {
    const [wanted, got] = [comparable(meant), comparable(found)];
    if (wanted === got) return;
    this.faults.push({ path: `${MAIN_FILE}: ${path}`, message: `was meant to be ${wanted}; found ${got}` });
  }
}

/** Equal texts for equal values; computed text differs from literal text with the same characters. */
function comparable(value: HclValue | undefined): string {
  return value === undefined ? 'nothing' : canonicalJson(plain(value));
}

function plain(value: HclValue): unknown {
  if (value instanceof HclTemplate) return { computed: value.source };
  if (isHclList(value)) return value.map(plain);
  if (isHclMap(value))
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
  return value;
}

function checkVariables(comparison: Comparison, project: ProjectMeaning, found: HclValue | undefined): void {
  const names = isHclMap(found) ? Object.keys(found) : [];
  comparison.same('variable', variableNames(project).toSorted(), names.toSorted());
  for (const { name } of project.secrets) {
    const body = first(memberOf(found, name));
    comparison.same(`variable.${name}.sensitive`, true, memberOf(body, 'sensitive'));
    comparison.same(`variable.${name}.default`, undefined, memberOf(body, 'default'));
  }
}

function checkSource(comparison: Comparison, project: ProjectMeaning, found: HclValue | undefined): void {
  const options = isHclMap(found) ? found : {};
  for (const name of new Set([...Object.keys(project.source), ...Object.keys(options)])) {
    const path = `source.qemu.mintmark.${name}`;
    comparison.same(path, project.source[name], options[name]);
    if (!hasQemuOption(project.dialect, name)) {
      const { version } = project.dialect;
      comparison.faults.push({ path: `${MAIN_FILE}: ${path}`, message: `is unknown to Packer ${version}` });
    }
  }
}

async function checkProvisioner(
  comparison: Comparison,
  path: string,
  meant: PlannedProvisioner,
  found: HclValue | undefined,
): Promise<void> {
  const same = (name: string, value: HclValue): void =>
    comparison.same(`${path}.${name}`, value, memberOf(found, name));
  if (meant.type === 'file') {
    same('source', meant.source);
    same('destination', meant.destination);
    return;
  }
  same('script', meant.script);
  same('execute_command', meant.executeCommand);
  same('use_env_var_file', meant.environmentAsFile);
  same('timeout', meant.timeout);
  same('max_retries', meant.retries);
  const environment = await environmentOf(memberOf(found, 'environment_vars'), comparison.parse);
  comparison.same(`${path}.environment_vars`, meant.environment, environment);
}

/** The list that is joined to the proxies' variables. */
async function environmentOf(found: HclValue | undefined, parse: ParseHcl): Promise<HclValue | undefined> {
  if (!(found instanceof HclTemplate)) return found;
  if (found.reference === 'local.proxy_environment') return [];
  const list = /^\$\{concat\(local\.proxy_environment, (\[[^]*\])\)\}$/.exec(found.source)?.[1];
  return list === undefined ? found : readHclList(list, parse);
}

function memberOf(value: HclValue | undefined, ...names: readonly string[]): HclValue | undefined {
  let member = value;
  for (const name of names)
    member = isHclMap(member) && Object.hasOwn(member, name) ? member[name] : undefined;
  return member;
}

function listOf(value: HclValue | undefined): readonly HclValue[] {
  return isHclList(value) ? value : [];
}

function first(value: HclValue | undefined): HclValue | undefined {
  return listOf(value)[0];
}
