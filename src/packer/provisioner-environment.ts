import type { Fault } from '../errors/fault.ts';
import { carriageOf, escapeGoTemplate, LITERAL_LIMIT_BYTES } from '../hcl/literal.ts';
import { hclReference, HclTemplate, hclTemplate } from '../hcl/template.ts';
import type { EnvironmentValue } from '../profiles/profile.ts';
import type { EmbeddedValue } from './guest-script.ts';

/** How the environment of one provisioner travels. */
export interface ProvisionerEnvironment {
  /** `NAME=value` for Packer's `environment_vars`. */
  readonly variables: readonly (string | HclTemplate)[];
  /**
   * Whether Packer uploads the variables as a file instead of writing them on the guest's command line. Packer
   * renders a command line as a Go template until nothing changes, which no `{{` survives; and everyone in the
   * guest, as well as Packer's log, sees it, which no secret should suffer.
   */
  readonly asFile: boolean;
  /** Values for the text of the script itself. */
  readonly embedded: readonly EmbeddedValue[];
}

/** Decides for every value how it travels; faults are reported below `path`. */
export function planEnvironment(
  env: Readonly<Record<string, EnvironmentValue>>,
  path: string,
  faults: Fault[],
): ProvisionerEnvironment {
  const literals: [name: string, value: string][] = [];
  const secrets: HclTemplate[] = [];
  const embedded: EmbeddedValue[] = [];
  let roomBytes = LITERAL_LIMIT_BYTES;
  for (const [name, value] of Object.entries(env)) {
    const fault = faultOf(name, value);
    if (fault !== undefined) {
      faults.push({ path: `${path}.${name}`, message: fault });
    } else if (typeof value !== 'string') {
      secrets.push(hclTemplate`${name}=${hclReference(`local.${secretVariable(value.fromEnv)}`)}`);
    } else if (carriageOf(`${name}=${value}`).way === 'literal' && sizeOnCommandLine(value) <= roomBytes) {
      roomBytes -= sizeOnCommandLine(value);
      literals.push([name, value]);
    } else {
      embedded.push({ name, value });
    }
  }
  const asFile = secrets.length > 0 || literals.some(([, value]) => value.includes('{{'));
  const plain = literals.map(([name, value]) => `${name}=${escapeGoTemplate(value)}`);
  return { variables: [...plain, ...secrets], asFile, embedded };
}

/** The Packer variable that carries a secret taken from this variable of our own environment. */
export function secretVariable(fromEnv: string): string {
  return `secret_${fromEnv}`;
}

/** Packer writes a quote within quotes in five characters. */
function sizeOnCommandLine(value: string): number {
  return Buffer.byteLength(value.replaceAll("'", `'"'"'`));
}

const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

function faultOf(name: string, value: EnvironmentValue): string | undefined {
  if (!VARIABLE_NAME.test(name)) return 'is no name for a shell variable: letters, digits and _ only';
  if (typeof value === 'string') {
    const carriage = carriageOf(value);
    return carriage.way === 'refused' ? carriage.reason : undefined;
  }
  if (VARIABLE_NAME.test(value.fromEnv)) return undefined;
  return `takes its value from ${JSON.stringify(value.fromEnv)}, which is no name for a variable`;
}
