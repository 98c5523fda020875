import type { StreamPosition } from '../../jobs/model/job-event.ts';

/** Matches the position in an event's id: epoch and offset. */
const POSITION = /^(.*):(\d{1,15})$/;

/** Reads the id of the last event that a client has; `undefined` for none, or any other text. */
export function parsePosition(text: string | undefined): StreamPosition | undefined {
  const found = POSITION.exec(text ?? '');
  return found ? { epoch: found[1] as string, offset: Number(found[2]) } : undefined;
}
