import { MAX_MESSAGE_BYTES } from '../../../src/contract/messages.ts';
import type { Cursor } from '../watch/channel.ts';

/** Most ids that a server accepts in one message. */
const IDS_A_MESSAGE = 1000;
/** Bytes of a message beside its ids. */
const FRAME_BYTES = 512;
/** Number of subscriptions at which they are merged. */
const MOST_GROUPS = 100;
/** Number of ended watches that may stay subscribed, beside as many as there are others. */
const MOST_LEFT = 1000;

/** Jobs of one subscription. */
export interface JobGroup {
  readonly ids: ReadonlySet<string>;
  /** Place up to which the client has heard everything. */
  cursor: Cursor | undefined;
  /** Whether the snapshot was complete, so that updates move the cursor. */
  complete: boolean;
  /** True if the server refused the subscription. Its jobs are then polled. */
  refused: boolean;
}

/** Jobs to subscribe to, with the place from which to resume. */
export interface NewGroup {
  ids: string[];
  since: Cursor | undefined;
}

/** Returns whether subscriptions should be merged: many small ones, or many jobs without a watch. */
export function needsMerge(groups: readonly JobGroup[], watched: number): boolean {
  let subscribed = 0;
  for (const { ids } of groups) subscribed += ids.size;
  return groups.length > MOST_GROUPS || subscribed > 2 * watched + MOST_LEFT;
}

/**
 * Divides jobs into subscriptions. Those that the groups have heard completely resume, from the earliest of the groups'
 * cursors.
 * @param epoch the present one. A cursor of another epoch is worth nothing
 */
export function regroup(wanted: Iterable<string>, groups: readonly JobGroup[], epoch: string): NewGroup[] {
  const heard = new Set<string>();
  let offset = Infinity;
  for (const { ids, cursor } of groups) {
    if (cursor?.epoch !== epoch) continue;
    for (const id of ids) heard.add(id);
    offset = Math.min(offset, cursor.offset);
  }
  const { resumed = [], fresh = [] } = Object.groupBy(wanted, (id) => (heard.has(id) ? 'resumed' : 'fresh'));
  return [
    ...chunks(resumed).map((ids) => ({ ids, since: { epoch, offset } })),
    ...chunks(fresh).map((ids) => ({ ids, since: undefined })),
  ];
}

/** Divides ids into messages that are not too long. */
export function chunks(ids: readonly string[]): string[][] {
  const all: string[][] = [];
  let bytes = Infinity;
  for (const id of ids) {
    // Escapes make an id longer: at most six bytes for each of its UTF-16 units.
    const size = /^[\w.:-]*$/.test(id) ? id.length + 3 : 6 * id.length + 3;
    if (bytes + size > MAX_MESSAGE_BYTES || (all.at(-1)?.length ?? 0) >= IDS_A_MESSAGE) {
      all.push([]);
      bytes = FRAME_BYTES;
    }
    (all.at(-1) as string[]).push(id);
    bytes += size;
  }
  return all;
}
