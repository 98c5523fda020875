/**
 * The mark that every published message carries: which job, which of its states, and when. It is found in a client's
 * bytes without parsing them, so that the clients cost little.
 */

/** Of three bytes, for what goes before a frame's text may look like any two. */
const MARK = Buffer.from('@@#');
const JOB_DIGITS = 5;
const STATE_DIGITS = 6;
const TIME_DIGITS = 14;
const STAMP_LENGTH = MARK.length + JOB_DIGITS + STATE_DIGITS + TIME_DIGITS;

/** The channel on which clients say which state of job 0 all of them have. */
export const SEEN = 'bench:seen';

/** A moment that the processes of one machine agree on, in microseconds. */
export function nowMicros(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

export function stamp(job: number, state: number, at: number): string {
  const digits = (value: number, count: number) => value.toString().padStart(count, '0');
  return MARK.toString() + digits(job, JOB_DIGITS) + digits(state, STATE_DIGITS) + digits(at, TIME_DIGITS);
}

/** Calls back for each stamp in the bytes. @returns the rest, where a stamp may have begun */
export function findStamps(
  bytes: Buffer,
  found: (job: number, state: number, at: number) => void,
): Buffer | undefined {
  let end = 0;
  for (let from = bytes.indexOf(MARK); from !== -1; from = bytes.indexOf(MARK, end)) {
    end = from + STAMP_LENGTH;
    if (end > bytes.length) return bytes.subarray(from);
    const job = from + MARK.length;
    const state = job + JOB_DIGITS;
    const at = state + STATE_DIGITS;
    found(number(bytes, job, JOB_DIGITS), number(bytes, state, STATE_DIGITS), number(bytes, at, TIME_DIGITS));
  }
  return bytes.at(-1) === MARK[0] ? bytes.subarray(Math.max(end, bytes.length - 2)) : undefined;
}

function number(bytes: Buffer, from: number, digits: number): number {
  let value = 0;
  for (let i = from; i < from + digits; i++) value = value * 10 + (bytes[i] as number) - 48;
  return value;
}
