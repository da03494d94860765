/**
 * How a base disk is made: five optional steps, one file per method.
 * `setup` gathers inputs, `create` makes the file tree or the installed disk, `prepare` makes it bootable,
 * `install` leaves the files of a base entry, `cleanup` removes whatever the others made and always runs.
 */
export interface BaseMethod {
  readonly name: string;
  readonly setup?: () => Promise<void>;
  readonly create?: () => Promise<void>;
  readonly prepare?: () => Promise<void>;
  readonly install?: () => Promise<void>;
  readonly cleanup?: () => Promise<void>;
}

/**
 * Runs the steps of a method in order, and its cleanup last even when one of them failed or was cancelled. What went
 * wrong first is what is thrown.
 */
export async function runBaseMethod(method: BaseMethod, signal: AbortSignal): Promise<void> {
  try {
    for (const step of ['setup', 'create', 'prepare', 'install'] as const) {
      signal.throwIfAborted();
      await method[step]?.();
    }
  } catch (error) {
    await method.cleanup?.().catch(() => {});
    throw error;
  }
  await method.cleanup?.();
}
