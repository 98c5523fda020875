import { createHash } from 'node:crypto';
import * as v from 'valibot';

import { WholeNumberSchema } from '../contract/scalars.ts';

/** Names of a backup's first and last entry. A backup without its last entry is incomplete. */
export const HEAD = 'sluice-backup.json';
export const END = 'sluice-backup-end.json';
/** Name of the snapshot of Redis, in Redis' format. */
export const SNAPSHOT = 'redis.rdb';
/** Folder of the blob store's files in the archive. */
export const BLOBS = 'blobs/';

export const HeadSchema = v.object({
  /** Version of this format. */
  format: v.literal(1),
  /** Version of the Sluice that wrote it. */
  version: v.string(),
  /** Id of the installation; null without one. */
  installation_id: v.nullable(v.string()),
  created_at: v.pipe(v.string(), v.isoTimestamp()),
  /** Files and bytes of the blob store when the backup began. Uploads and deletions since then make them differ. */
  files: WholeNumberSchema,
  bytes: WholeNumberSchema,
});
export type Head = v.InferOutput<typeof HeadSchema>;

export const EndSchema = v.object({
  /** Entries before this one, and their bytes. */
  entries: WholeNumberSchema,
  bytes: WholeNumberSchema,
  /** SHA-256 of the entries' names, sizes and contents, in hex. */
  sha256: v.string(),
});
export type End = v.InferOutput<typeof EndSchema>;

/** Computes the totals of a backup's entries, as its end entry states them. */
export class ArchiveDigest {
  readonly #hash = createHash('sha256');
  #entries = 0;
  #bytes = 0;

  begin(name: string, size: number): void {
    this.#entries++;
    this.#hash.update(`${JSON.stringify([name, size])}\n`);
  }

  update(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    this.#hash.update(bytes);
  }

  /** Returns the totals of all entries so far. */
  end(): End {
    return { entries: this.#entries, bytes: this.#bytes, sha256: this.#hash.copy().digest('hex') };
  }
}
