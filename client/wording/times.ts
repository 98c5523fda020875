import { NBSP, tenths, whole } from './numbers.ts';

const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const CLOCK = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const RELATIVE = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });

/** Formats a time as date and time. @param time RFC 3339, or ms since 1970 */
export const moment = (time: string | number): string => MOMENT.format(new Date(time));
/** Formats a time of the day with seconds. */
export const clock = (time: string | number): string => CLOCK.format(new Date(time));

/** Formats how long ago a time was: “5 minutes ago”, “yesterday”. */
export function ago(time: string, now: number): string {
  const seconds = Math.min(0, (Date.parse(time) - now) / 1000);
  if (seconds > -60) return 'just now';
  if (seconds > -3600) return RELATIVE.format(Math.round(seconds / 60), 'minute');
  if (seconds > -86_400) return RELATIVE.format(Math.round(seconds / 3600), 'hour');
  return RELATIVE.format(Math.round(seconds / 86_400), 'day');
}

/** Formats a duration that is over: “1.5 s”, “1 min 05 s”. */
export function duration(ms: number): string {
  if (ms < 1000) return `${whole(ms)}${NBSP}ms`;
  return ms < 60_000 ? `${tenths(ms / 1000)}${NBSP}s` : elapsed(ms);
}

/** Formats a running duration in whole seconds: “12 s”, “1 min 05 s”, “2 h 03 min”. */
export function elapsed(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  if (minutes >= 60) return `${whole(Math.floor(minutes / 60))}${NBSP}h ${padded(minutes % 60)}${NBSP}min`;
  return minutes > 0 ? `${minutes}${NBSP}min ${padded(seconds % 60)}${NBSP}s` : `${seconds}${NBSP}s`;
}

function padded(value: number): string {
  return String(value).padStart(2, '0');
}
