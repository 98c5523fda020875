import type { Redis } from 'ioredis';

import { AppError } from '../errors.ts';

/** Ids per read. More would block Redis and this process for long. */
const READ_AT_ONCE = 200;

interface Place {
  score: string;
  id: string;
}

/**
 * Walks the ids of a sorted set by falling scores, in batches. It continues by the place of the last id. So the walk
 * passes over no id if others go meanwhile, its last one included.
 * @param cursor a place that {@link toCursor} wrote; absent for the beginning
 * @throws {AppError} `invalid_cursor`
 */
export async function* walkNewest(
  redis: Redis,
  index: string,
  cursor: string | undefined,
): AsyncGenerator<{ places: Place[]; isLast: boolean }> {
  let after = cursor === undefined ? undefined : readCursor(cursor);
  for (;;) {
    const { places, isLast } = await readBehind(redis, index, after);
    yield { places, isLast };
    after = places.at(-1);
    if (isLast || !after) return;
  }
}

/** Writes a place as a cursor. */
export function toCursor({ score, id }: Place): string {
  return `${score}:${id}`;
}

function readCursor(cursor: string): Place {
  const [, score, id] = /^([-+.e\d]{1,32}):(.+)$/s.exec(cursor) ?? [];
  if (score !== undefined && id !== undefined && Number.isFinite(Number(score))) return { score, id };
  throw new AppError('invalid_cursor', 'No call has returned this cursor. Start without one.');
}

async function readBehind(
  redis: Redis,
  index: string,
  after: Place | undefined,
): Promise<{ places: Place[]; isLast: boolean }> {
  // Each try reads from the same score on, because an offset would pass over ids once others have gone.
  for (let count = READ_AT_ONCE + 1; ; count *= 2) {
    const limit = ['LIMIT', 0, count, 'WITHSCORES'] as const;
    const reply = await redis.zrange(index, after?.score ?? '+inf', '-inf', 'BYSCORE', 'REV', ...limit);
    const places: Place[] = [];
    for (let i = 0; i < reply.length; i += 2) {
      const place = { id: reply[i] as string, score: reply[i + 1] as string };
      if (!after || isBehind(place, after)) places.push(place);
    }
    const reachedEnd = reply.length < 2 * count;
    if (places.length === 0 && !reachedEnd) continue;
    return { places: places.slice(0, READ_AT_ONCE), isLast: reachedEnd && places.length <= READ_AT_ONCE };
  }
}

/** Compares places by falling scores. Redis orders ids of the same score by their bytes. */
function isBehind(place: Place, other: Place): boolean {
  const difference = Number(place.score) - Number(other.score);
  return difference === 0 ? Buffer.compare(Buffer.from(place.id), Buffer.from(other.id)) < 0 : difference < 0;
}
