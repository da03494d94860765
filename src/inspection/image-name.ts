/**
 * Why a name that an image has for another file is refused, or undefined. Only a plain relative path is followed:
 * QEMU would take `json:{…}`, `nbd:…`, `http://…` or any other word before a colon as something else than a file, and
 * an absolute name means another file on every machine.
 */
export function imageNameFault(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (/[\u0000-\u001f\u007f\ufffd]/.test(name)) return 'has a control character';
  if (name.startsWith('/')) return 'is absolute';
  const protocol = /^([^/]*?):/.exec(name)?.[1];
  if (protocol !== undefined) return `has the protocol ${JSON.stringify(protocol)}`;
  return undefined;
}
