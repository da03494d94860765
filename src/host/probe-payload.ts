/** Times round the payload's loop; about a quarter of a second under TCG on a 2 GHz core. */
export const PAYLOAD_ITERATIONS = 50_000_000;

/** What the loop computes: the 64-bit state of Knuth's MMIX generator after that many steps from 1. */
export const PAYLOAD_RESULT = 6_301_162_584_745_976_961n;

/** QEMU's exit status when the payload finished with the right result: `(0x20 << 1) | 1`. */
export const PAYLOAD_PASSED_STATUS = 65;

/** QEMU's exit status when the payload finished with a wrong result: `(0x21 << 1) | 1`. */
export const PAYLOAD_WRONG_STATUS = 67;

/** The machine code, in the order of `probe-payload.S`, 32 bytes a line. */
const PAYLOAD_HEX = [
  '02b0ad1b00000100fe4f51e40000100000001000fe0010000030110020001000',
  'fcbf0000110031c0b9000c0000f3abc7050000110003101100c7050010110003',
  '201100c7050020110083000000c70508201100830020000f20e083c8200f22e0',
  'b8000011000f22d8b9800000c00f320d000100000f300f20c00d000000800f22',
  'c00f0115f8001000ea8f0010000800bf0000200048bb2d7f954c2df4515848ba',
  '4f8167f77e7b0514b801000000b980f0fa02480fafc34801d089ce81e6ff1f00',
  '00488904f7488b04f7ffc975e548bb8124c45ffc3972574839d80f95c00c20e6',
  'f4f4ebfd0f1f4000000000000000000000000000009a20000f00e8001000',
];

/**
 * A Multiboot guest of 254 bytes for QEMU's `-kernel` that enters long mode, computes and exits by
 * `isa-debug-exit` at port 0xf4. Its source, with the meaning of every instruction, is `probe-payload.S` beside
 * this file; the bytes stand here so that a build needs no assembler, and a test assembles the source again.
 */
export function renderProbePayload(): Uint8Array {
  return Uint8Array.from(Buffer.from(PAYLOAD_HEX.join(''), 'hex'));
}
