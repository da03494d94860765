import { burn, type Reservation } from './allocate-version.ts';

/** Does what a version was reserved for. When that fails, its BUILD is burnt; the failure goes on. */
export async function burnOnFailure<T>(
  reservation: Reservation,
  now: Date,
  action: () => Promise<T>,
): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    // What failed first is what people must hear of; the next build of the line burns it otherwise.
    await burn(reservation, reason, now).catch(() => {});
    throw error;
  }
}
