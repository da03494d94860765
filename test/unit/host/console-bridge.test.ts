import { EventEmitter } from 'node:events';
import { Duplex } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { ConsoleBridge, LEAVE_KEY } from '../../../src/host/console-bridge.ts';

/** A terminal without a person, joined with a machine without a guest. */
class Scene {
  readonly modes: boolean[] = [];
  readonly #keys = new EventEmitter();
  readonly #shown: Buffer[] = [];
  readonly #typed: Buffer[] = [];
  leaves = 0;
  readonly bridge: ConsoleBridge;

  constructor() {
    const input = Object.assign(this.#keys, {
      setRawMode: (isRaw: boolean) => this.modes.push(isRaw),
      resume: () => {},
      pause: () => {},
    });
    const output = { write: (piece: Uint8Array | string) => this.#shown.push(Buffer.from(piece)) };
    this.bridge = new ConsoleBridge({ input, output }, () => (this.leaves += 1));
  }

  /** A machine that is switched on. */
  machine(): Duplex {
    const write = (piece: Buffer, _encoding: string, done: () => void): void => {
      this.#typed.push(piece);
      done();
    };
    const machine = new Duplex({ read: () => {}, write });
    this.bridge.attach(machine);
    return machine;
  }

  type(...bytes: readonly number[]): void {
    this.#keys.emit('data', Buffer.from(bytes));
  }

  fail(): void {
    this.#keys.emit('error', new Error('EIO'));
  }

  get shown(): string {
    return Buffer.concat(this.#shown).toString('latin1');
  }

  get typed(): readonly number[] {
    return Array.from(Buffer.concat(this.#typed));
  }
}

async function say(machine: Duplex, text: string): Promise<void> {
  machine.push(Buffer.from(text, 'latin1'));
  await new Promise((resolve) => setImmediate(resolve));
}

describe('ConsoleBridge', () => {
  const typing: { because: string; bytes: number[]; sent: number[]; leaves: number }[] = [
    { because: 'Ctrl-C is for the guest', bytes: [0x03], sent: [0x03], leaves: 0 },
    {
      because: 'bytes that are no text stay what they are',
      bytes: [0xff, 0x1b],
      sent: [0xff, 0x1b],
      leaves: 0,
    },
    { because: 'Ctrl-] is for us', bytes: [LEAVE_KEY], sent: [], leaves: 1 },
    {
      because: 'what stands around it is for the guest',
      bytes: [65, LEAVE_KEY, 66],
      sent: [65, 66],
      leaves: 1,
    },
    { because: 'each counts', bytes: [LEAVE_KEY, LEAVE_KEY], sent: [], leaves: 2 },
  ];
  test.each(typing)('typed: $because', ({ bytes, sent, leaves }) => {
    const scene = new Scene();
    scene.bridge.open();
    scene.machine();
    scene.type(...bytes);
    expect({ sent: scene.typed, leaves: scene.leaves }).toEqual({ sent, leaves });
  });

  test('shows what the machine says, byte by byte', async () => {
    const scene = new Scene();
    scene.bridge.open();
    await say(scene.machine(), '\x1b[1mlogin\xff');
    expect(scene.shown).toBe('\x1b[1mlogin\xff');
  });

  test('what is said in between stands on a line of its own, and the prompt below it', async () => {
    const scene = new Scene();
    scene.bridge.open();
    await say(scene.machine(), 'first\r\nlogin: ');
    scene.bridge.interject(() => {});
    expect(scene.shown).toBe('first\r\nlogin: \r\nlogin: ');
  });

  test('nothing is added between whole lines', async () => {
    const scene = new Scene();
    scene.bridge.open();
    await say(scene.machine(), 'first\r\n');
    scene.bridge.interject(() => {});
    expect(scene.shown).toBe('first\r\n');
  });

  test('a machine that is switched on anew has the keys', () => {
    const scene = new Scene();
    scene.bridge.open();
    const before = scene.machine();
    scene.machine();
    before.destroy();
    scene.type(65);
    expect(scene.typed).toEqual([65]);
  });

  test('typing into a machine that is gone does nothing', async () => {
    const scene = new Scene();
    scene.bridge.open();
    scene.machine().destroy();
    await new Promise((resolve) => setImmediate(resolve));
    scene.type(65, LEAVE_KEY);
    expect({ sent: scene.typed, leaves: scene.leaves }).toEqual({ sent: [], leaves: 1 });
  });

  test('gives the terminal back once, calm, and leaves it alone from then on', async () => {
    const scene = new Scene();
    scene.bridge.open();
    const machine = scene.machine();
    await say(machine, '$ ');
    scene.bridge.close();
    scene.bridge.close();
    await say(machine, 'too late');
    scene.type(65);
    expect(scene.modes).toEqual([true, false]);
    expect(scene.shown).toBe('$ \r\n\x1b[0m\x1b[?25h\x1b[?7h');
    expect(scene.typed).toEqual([]);
  });

  test('a terminal that was closed is no bug', () => {
    const scene = new Scene();
    scene.bridge.open();
    scene.fail();
    scene.bridge.close();
    scene.fail();
    expect(scene.modes).toEqual([true, false]);
  });
});
