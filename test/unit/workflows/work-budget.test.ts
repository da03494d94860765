import { describe, expect, test } from '@jest/globals';
import { WorkBudget, type WorkShare } from '../../../src/workflows/work-budget.ts';

const quiet = new AbortController().signal;
const share = (cores: number, memoryBytes = 0): WorkShare => ({ cores, memoryBytes });

/** Work that a test begins and ends by hand. */
class Workshop {
  readonly budget: WorkBudget;
  readonly running: string[] = [];
  readonly #endings = new Map<string, (error?: Error) => void>();

  constructor(total: WorkShare) {
    this.budget = new WorkBudget(total);
  }

  start(name: string, wanted: WorkShare, signal = quiet): Promise<string> {
    return this.budget.run(wanted, signal, async () => {
      this.running.push(name);
      await new Promise<void>((resolve, reject) => {
        this.#endings.set(name, (error) => (error ? reject(error) : resolve()));
      });
      return name;
    });
  }

  async end(name: string, error?: Error): Promise<void> {
    this.running.splice(this.running.indexOf(name), 1);
    this.#endings.get(name)?.(error);
    await this.settle();
  }

  settle(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }
}

describe('WorkBudget', () => {
  test('lets in what fits, in order of arrival', async () => {
    const shop = new Workshop(share(3));
    const all = [
      shop.start('a', share(2)),
      shop.start('b', share(1)),
      shop.start('c', share(2)),
      shop.start('d', share(1)),
    ];
    await shop.settle();
    expect(shop.running).toEqual(['a', 'b']);
    await shop.end('b');
    // d would fit, but c came first.
    expect(shop.running).toEqual(['a']);
    await shop.end('a');
    expect(shop.running).toEqual(['c', 'd']);
    await shop.end('c');
    await shop.end('d');
    expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'd']);
  });

  test('counts memory as well', async () => {
    const shop = new Workshop(share(9, 100));
    void shop.start('a', share(1, 60));
    void shop.start('b', share(1, 60));
    await shop.settle();
    expect(shop.running).toEqual(['a']);
    await shop.end('a');
    expect(shop.running).toEqual(['b']);
  });

  test('lets in what wants more than there is, alone', async () => {
    const shop = new Workshop(share(2, 10));
    void shop.start('small', share(1, 1));
    void shop.start('large', share(8, 99));
    void shop.start('next', share(1, 1));
    await shop.settle();
    expect(shop.running).toEqual(['small']);
    await shop.end('small');
    expect(shop.running).toEqual(['large']);
    await shop.end('large');
    expect(shop.running).toEqual(['next']);
  });

  test('gives back what failed work had', async () => {
    const shop = new Workshop(share(1));
    const failing = expect(shop.start('a', share(1))).rejects.toThrow('broken');
    void shop.start('b', share(1));
    await shop.settle();
    await shop.end('a', new Error('broken'));
    await failing;
    expect(shop.running).toEqual(['b']);
  });

  test('whoever gives up leaves the queue, and those behind move up', async () => {
    const shop = new Workshop(share(2));
    const controller = new AbortController();
    void shop.start('a', share(1));
    const waiting = shop.start('b', share(2), controller.signal);
    void shop.start('c', share(1));
    await shop.settle();
    expect(shop.running).toEqual(['a']);
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await shop.settle();
    expect(shop.running).toEqual(['a', 'c']);
    await expect(shop.start('d', share(1), controller.signal)).rejects.toThrow('enough');
  });
});
