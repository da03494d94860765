/** An instant for people, in UTC to the minute: `2026-11-21 07:31`. */
export function renderInstant(instant: string): string {
  return instant.slice(0, 16).replace('T', ' ');
}
