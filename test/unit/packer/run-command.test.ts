import { describe, expect, test } from '@jest/globals';
import {
  packerBuildCommand,
  packerInitCommand,
  packerValidateCommand,
  type PackerRun,
} from '../../../src/packer/run-command.ts';

const VALUES = {
  base_disk: '/b/base.qcow2',
  base_sha256: 'ab',
  root_uuid: 'u',
  kernel: '/b/vmlinuz',
  initrd: '/b/initrd',
  ssh_private_key_file: '/r/key',
  ssh_public_key_base64: 'eA==',
  output_directory: '/r/output',
  run_directory: '/r',
};
const RUN: PackerRun = {
  packer: '/usr/bin/packer',
  projectDirectory: '/r/project',
  values: VALUES,
  secrets: { secret_T: 'hush' },
  cacheDirectory: '/c/packer',
  environment: { PACKER_CONFIG_DIR: '/p', PACKER_LOG_PATH: '/l', HOME: '/h' },
};

test('a build is machine-readable, leaves a failed machine to be looked at, and hides secrets in the environment', () => {
  const spec = packerBuildCommand({ ...RUN, values: { ...VALUES, accelerator: 'kvm' } }, 1000);
  expect(spec.args.slice(0, 5)).toEqual([
    'build',
    '-machine-readable',
    '-color=false',
    '-on-error=abort',
    '-parallel-builds=1',
  ]);
  expect(spec.args).toContain('base_disk=/b/base.qcow2');
  expect(spec.args).toContain('accelerator=kvm');
  expect(spec.args.at(-1)).toBe('/r/project');
  expect(spec.args.join(' ')).not.toContain('hush');
  expect(spec.deadlineMs).toBe(1000);
});

test('the environment says everything Packer needs and nothing of ours that would bend it', () => {
  const { env } = packerBuildCommand(RUN, 1000);
  expect(env).toEqual({
    CHECKPOINT_DISABLE: '1',
    PACKER_CACHE_DIR: '/c/packer',
    PACKER_CONFIG_DIR: '/p',
    PACKER_LOG: '1',
    PACKER_NO_COLOR: '1',
    PKR_VAR_secret_T: 'hush',
  });
  expect(packerValidateCommand(RUN).env).not.toHaveProperty('PACKER_LOG');
  expect(packerInitCommand(RUN)).toMatchObject({ args: ['init', '/r/project'] });
  expect(packerInitCommand(RUN).env).not.toHaveProperty('PKR_VAR_secret_T');
});

describe('refuses', () => {
  test.each([
    { values: { run_directory: `/${'x'.repeat(120)}` }, because: 'a socket path has at most 107 bytes' },
    { values: { run_directory: '/r/a,b' }, because: 'a comma would end the name of the disk' },
    { values: { output_directory: '/r/{{ .X }}' }, because: 'Packer would render it' },
    { values: { kernel: '/b/e\u0301' }, because: 'HCL would name another file' },
  ])('a path: $because', ({ values }) => {
    expect(() => packerBuildCommand({ ...RUN, values: { ...VALUES, ...values } }, 1)).toThrow(
      expect.objectContaining({ code: 'E_PATH_NOT_CARRIABLE', kind: 'host' }),
    );
  });

  test.each(['a\0', 'e\u0301', '\u0338', 'x'.repeat(200 * 1024)])(
    'a secret that would arrive changed, without telling it',
    (secret) => {
      expect(() => packerBuildCommand({ ...RUN, secrets: { secret_T: secret } }, 1)).toThrow(
        expect.objectContaining({
          code: 'E_SECRET_NOT_CARRIABLE',
          message: 'the value of secret_T cannot be told to Packer',
        }),
      );
    },
  );
});
