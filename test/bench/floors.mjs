import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { measureApart } from './measure.mjs';

/*
 * What the programs that do the work take when nothing of ours is around them: the floor under our own times.
 */

const MIB = 1024 * 1024;

const MMDEBSTRAP_IN_MEMORY = `
mount -t tmpfs -o mode=0755 tmpfs "$1"
export TMPDIR="$1"
shift
exec mmdebstrap --mode=root --variant=required --format=directory "$@"
`;

/** mmdebstrap with the packages of the profile, from the mirror, into a directory in memory. */
export async function runMmdebstrap(lab, profile) {
  const { packages, sources, profile: plan } = await lab.plan(profile);
  const target = lab.fresh('tree');
  await mkdir(target);
  const include = `--include=${packages.map(({ name }) => name).join(',')}`;
  const words = [target, include, plan.os.suite, join(target, 'root'), sources];
  return measureApart('sh', ['-e', '-c', MMDEBSTRAP_IN_MEMORY, 'floor', ...words]);
}

/** `packer build` of what `render` writes, by the very commands of the README beside it. */
export async function runPacker(lab, profile) {
  const BASE = await lab.base(profile);
  const project = lab.fresh('project');
  await lab.mintmark('render', '--profile', profile, '--out', project);
  const commands = readCommands(await readFile(join(project, 'README.md'), 'utf8'), await lab.plan(profile));
  const env = { ...process.env, BASE, PACKER_CACHE_DIR: lab.fresh('cache'), CHECKPOINT_DISABLE: '1' };
  const measured = await measureApart('sh', ['-e', '-c', commands], { cwd: project, env });
  const disk = lab.fresh('packer.raw');
  await measureApart('qemu-img', ['convert', '-O', 'raw', join(project, 'output/disk.qcow2'), disk]);
  await rm(project, { recursive: true, force: true });
  await lab.keep(`Packer's disk of ${profile}`, disk);
  return measured;
}

/** `virt-sparsify --in-place` of the disk that plain Packer left. */
export async function runSparsify(lab, profile) {
  const source = await lab.kept(`Packer's disk of ${profile}`, () => runPacker(lab, profile));
  const disk = lab.fresh('sparse.raw');
  await measureApart('cp', ['--sparse=always', source, disk]);
  const { accelerator } = (await lab.plan(profile)).accelerator;
  // libguestfs would take a /dev/kvm that opens and is useless.
  const settings = accelerator === 'tcg' ? { LIBGUESTFS_BACKEND_SETTINGS: 'force_tcg' } : {};
  const env = { ...process.env, LIBGUESTFS_BACKEND: 'direct', ...settings };
  const words = ['--quiet', '--format', 'raw', '--in-place', disk];
  const measured = await measureApart('virt-sparsify', words, { env });
  await lab.keep(`sparse disk of ${profile}`, disk);
  return measured;
}

/** `qemu-img convert -c` of that disk after virt-sparsify. */
export async function runConvert(lab, profile) {
  const source = await lab.kept(`sparse disk of ${profile}`, () => runSparsify(lab, profile));
  const qcow2 = lab.fresh('plain.qcow2');
  const words = ['convert', '-f', 'raw', '-c', '-O', 'qcow2', source, qcow2];
  const measured = await measureApart('qemu-img', words);
  const sizeMiB = (await stat(qcow2)).size / MIB;
  await rm(qcow2);
  return { ...measured, sizeMiB };
}

/** The shell commands of a project's README, with our base, our Packer and our accelerator. */
function readCommands(readme, { packer, accelerator: { accelerator } }) {
  const block = /^```sh\n(.*?)^```/ms.exec(readme)?.[1];
  if (block === undefined || !/^packer build /m.test(block))
    throw new Error('the README has no packer build');
  const machine = accelerator === 'kvm' ? '-var accelerator=kvm -var cpu_model=host ' : '';
  return block
    .replace(/^BASE=.*\n/m, '')
    .replace(/^packer build /m, `packer build ${machine}`)
    .replaceAll(/^packer /gm, `'${packer.path}' `);
}
