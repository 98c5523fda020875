import type { FolderIdentity } from './blob-identity.ts';
import type { RedisRecord } from './redis-identity.ts';

/**
 * Names the stores that a process may give an id.
 * - `api`: gives ids to all stores.
 * - `worker`: gives an id to Chroma only, because an empty or unknown folder is most likely a missing mount.
 * - `gateway`: uses Redis only, and gives it no id, because the blob store's id comes first.
 */
export type Part = 'api' | 'worker' | 'gateway';

/** Places of the stores for messages, without credentials. */
export interface Places {
  blobs: string;
  redis: string;
  prefix: string;
  chroma: string;
}

/** Identities read from the stores. */
export interface Found {
  /** The folder's identity; an error if it cannot be read; `undefined` if the folder has none. */
  folder: FolderIdentity | Error | undefined;
  redis: RedisRecord;
  /** `away` while Chroma does not respond: jobs then wait for it. */
  chroma: { id: string | undefined } | 'away';
}

/** Identities that this process has worked with so far. */
export interface Proved {
  id: string | undefined;
  store: string | undefined;
}

/** Result of a comparison of the stores. */
export type Standing =
  | { state: 'unknown'; why: string }
  | ({ state: 'confirmed' } & Proved)
  /** `check` names the readiness check that fails. */
  | { state: 'refused'; check: 'installation' | 'blobs'; message: string };

/** Next step before the process reads the stores again. */
export type Adoption =
  | { adopt: 'folder'; id: string | undefined; instead: string | undefined }
  | { adopt: 'redis' | 'chroma'; id: string; store: string };

/** Next step for an operator who wants one of two ids to win. */
const ON_PURPOSE = 'To make one of them win, run: npm run adopt -- blobs (or redis, or chroma).';

/**
 * Decides about the stores by their ids, with this table:
 * | found | then |
 * |---|---|
 * | no id anywhere, with or without data | the folder gets one, then Redis, then Chroma |
 * | the same id everywhere | confirmed |
 * | no id in some stores | they adopt it, in the same order, and Sluice deletes nothing |
 * | two ids, another prefix, another blob store | refused |
 * The order makes concurrent starts agree: each store takes the first id only, and a later process reads again.
 * @param proved identities that this process has worked with. A folder that lost its file since was unmounted, and is
 * not new.
 */
export function decide(
  found: Found,
  part: Part,
  proved: Proved | undefined,
  places: Places,
): Standing | Adoption {
  const { folder, redis, chroma } = found;
  if (part === 'gateway') return decideForGateway(redis, proved?.id, places);
  if (folder instanceof Error) return refuseFolder(`cannot be read (${folder.message})`, places);

  const chromaId = chroma === 'away' ? undefined : chroma.id;
  const mismatch = compareIds(folder?.id, redis.id, chromaId, places);
  if (mismatch) return mismatch;
  const known = folder?.id ?? redis.id ?? chromaId;
  const prefix = known === undefined ? undefined : redis.prefixes?.get(known);
  if (known !== undefined && prefix !== undefined && prefix !== places.prefix)
    return refusePrefix(known, prefix, places);

  if (!folder) return decideFolder(redis, known, part, proved === undefined, places);
  const { id, store } = folder;
  const unregistered = redis.prefixes !== undefined && prefix === undefined;
  if (redis.id === undefined || redis.store === undefined || (unregistered && part === 'api')) {
    if (part === 'api') return { adopt: 'redis', id, store };
    return { state: 'unknown', why: 'Redis has no id yet: an api gives it one' };
  }
  if (redis.store !== store) return refuseStore(redis.store, store, part, places);
  if (chroma !== 'away' && chromaId === undefined) return { adopt: 'chroma', id, store };
  return { state: 'confirmed', id, store };
}

function compareIds(
  folder: string | undefined,
  redis: string | undefined,
  chroma: string | undefined,
  places: Places,
): Standing | undefined {
  if (new Set([folder, redis, chroma].filter((id) => id !== undefined)).size < 2) return undefined;
  const sides = [
    `the blob store ${places.blobs} has ${folder ?? 'no id'}`,
    `Redis ${places.redis} (REDIS_KEY_PREFIX "${places.prefix}") has ${redis ?? 'no id'}`,
    `Chroma ${places.chroma} has ${chroma ?? 'no id'}`,
  ];
  const message =
    `The stores belong to different installations, so Sluice claims, writes and deletes nothing: ${sides.join(', ')}. ` +
    `Correct BLOB_STORE, REDIS_URL, REDIS_KEY_PREFIX or CHROMA_URL. ${ON_PURPOSE}`;
  return { state: 'refused', check: 'installation', message };
}

function refusePrefix(id: string, prefix: string, places: Places): Standing {
  const message =
    `Redis ${places.redis} knows installation ${id} under REDIS_KEY_PREFIX "${prefix}", but this process has "${places.prefix}". ` +
    `The blob store is ${places.blobs}. Sluice claims, writes and deletes nothing. Correct REDIS_KEY_PREFIX. ` +
    'To move the installation to this prefix, run: npm run adopt -- blobs.';
  return { state: 'refused', check: 'installation', message };
}

/** Decides about a folder without an id. It is new, emptied or unmounted, or a version without ids wrote it. */
function decideFolder(
  redis: RedisRecord,
  known: string | undefined,
  part: Part,
  mayAdoptFolder: boolean,
  places: Places,
): Standing | Adoption {
  if (part === 'worker') return refuseFolder('is no blob store yet, and only an api makes one', places);
  if (!mayAdoptFolder) return refuseFolder('has lost its installation.json while in use', places);
  // Two apis with a folder each would divide the uploads, and each worker would find only a part.
  if (redis.inUse !== undefined)
    return refuseFolder(`is not the one in use: other processes use blob store ${redis.inUse}`, places);
  return { adopt: 'folder', id: known, instead: redis.store };
}

function refuseFolder(what: string, places: Places): Standing {
  const message =
    `The folder ${places.blobs} ${what}. This process accepts no uploads and claims no jobs. ` +
    'Mount it, or set BLOB_STORE to the folder that the other roles use.';
  return { state: 'refused', check: 'blobs', message };
}

function refuseStore(named: string, own: string, part: Part, places: Places): Standing {
  const message =
    `Redis ${places.redis} (REDIS_KEY_PREFIX "${places.prefix}") names blob store ${named}, ` +
    `but the folder ${places.blobs} is blob store ${own}. This process accepts no uploads and claims no jobs. ` +
    'Set BLOB_STORE to the folder that the other roles use. ' +
    'To make this folder the blob store, run: npm run adopt -- blobs.';
  return { state: 'refused', check: part === 'worker' ? 'blobs' : 'installation', message };
}

/**
 * Decides for a gateway. @param before the id that Redis had when this gateway started: it has no other store to
 * compare
 */
function decideForGateway(redis: RedisRecord, before: string | undefined, places: Places): Standing {
  const { id = before, prefixes = new Map<string, string>() } = redis;
  if (id === undefined && prefixes.size > 0) {
    // A Redis without an id and without jobs is safe. One with other prefixes may be the wrong server.
    const known = [...prefixes.values()].map((prefix) => `"${prefix}"`).join(', ');
    const why = `Redis ${places.redis} has no installation under REDIS_KEY_PREFIX "${places.prefix}", but under ${known}`;
    return { state: 'unknown', why };
  }
  const prefix = id === undefined ? undefined : prefixes.get(id);
  if (id !== undefined && prefix !== undefined && prefix !== places.prefix)
    return refusePrefix(id, prefix, places);
  if (before === undefined || id === before) return { state: 'confirmed', id, store: undefined };
  const message =
    `Redis ${places.redis} has ${id} now. It had ${before} when this gateway started. ` +
    'Correct REDIS_URL or REDIS_KEY_PREFIX. If an operator made the change, restart the gateway.';
  return { state: 'refused', check: 'installation', message };
}
