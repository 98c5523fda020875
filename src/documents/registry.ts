import type { Redis } from 'ioredis';
import * as v from 'valibot';

import type { Document } from '../contract/documents.ts';
import { MetadataSchema, parseUploadFields } from '../contract/upload.ts';
import { AppError } from '../errors.ts';
import { readSettings, settingFields, settingsOf } from '../jobs/model/document-settings.ts';
import { editTime } from '../jobs/model/edit-time.ts';
import type { JobPayload } from '../jobs/model/job-payload.ts';
import { lineDigests } from '../jobs/model/line-digests.ts';
import type { Keys } from '../redis/keys.ts';
import { readEach } from './read-each.ts';

/** A registered document with what never leaves the server: its live generation, its tenant, its file, its latest edit. */
export interface StoredDocument extends Document {
  generation: string;
  tenant: string;
  file_key: string;
  /** Time of the latest edit of the metadata (ms); 0 for none. */
  edited_ms: number;
}

/**
 * Builds the stored fields of a document, which its job's completion writes; see `report.lua`.
 * @param payload of the job
 * @param made results of the job
 */
export function documentFields(
  payload: JobPayload,
  made: {
    id: string;
    tenant: string;
    model: string;
    /** Length of the model's vectors; 0 if unknown. */
    dimension: number;
    mediaType: string | undefined;
    readerVersion: string | undefined;
  },
): Record<string, string> {
  const { filename, collection, file_size = 0, content_hash, metadata, file_key } = payload;
  const { id, tenant, model, dimension, readerVersion } = made;
  // Prefers the parser's finding to the client's declaration.
  const mediaType = made.mediaType ?? payload.media_type;
  return {
    id,
    filename,
    collection,
    model,
    tenant,
    file_key,
    size: String(file_size),
    metadata: JSON.stringify(metadata),
    ...settingFields(payload),
    ...(lineDigests(tenant, payload) ?? { copy: '', name: '' }),
    // Writes an empty value, because a replaced document must keep no field of its predecessor.
    dimension: dimension > 0 ? String(dimension) : '',
    media_type: mediaType ?? '',
    content_hash: content_hash ?? '',
    reader_version: readerVersion ?? '',
  };
}

/** Documents per read. This size blocks neither Redis nor this process for long. */
const FILE_KEYS_A_READ = 1000;

/** Reads the documents that completed jobs have registered. */
export class DocumentRegistry {
  readonly #redis: Redis;
  readonly #keys: Keys;

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /** @throws {AppError} `document_not_found` */
  async get(tenant: string, id: string): Promise<StoredDocument> {
    const [document] = await this.readEach([id]);
    if (document?.tenant !== tenant) throw new AppError('document_not_found');
    return document;
  }

  /** Reads the documents of these ids, as far as they are registered. */
  async read(ids: readonly string[]): Promise<StoredDocument[]> {
    return (await this.readEach(ids)).filter((document) => document !== undefined);
  }

  /**
   * Lists the file key of every document of a tenant, unordered. It may miss documents that a job registers
   * meanwhile.
   */
  async *fileKeys(tenant: string): AsyncGenerator<{ id: string; fileKey: string }> {
    const index = this.#keys.documents(tenant);
    for (let from = 0; ; from += FILE_KEYS_A_READ) {
      const ids = await this.#redis.zrange(index, `${from}`, `${from + FILE_KEYS_A_READ - 1}`);
      if (ids.length === 0) return;
      const fileKeys = await this.#readField(ids, 'file_key');
      for (const [i, id] of ids.entries()) {
        const fileKey = fileKeys[i];
        if (fileKey !== undefined) yield { id, fileKey };
      }
    }
  }

  /** Returns whether a tenant has a document in a collection. */
  async hasAny(tenant: string, collection: string): Promise<boolean> {
    return (await this.#redis.zcard(this.#keys.documentsIn(tenant, collection))) > 0;
  }

  /** Returns whether the registry names this file for the document. */
  async ownsFile(id: string, fileKey: string): Promise<boolean> {
    return (await this.readEach([id]))[0]?.file_key === fileKey;
  }

  /** Which generation of each document is live; `undefined` for one that is not registered. */
  async liveGenerations(ids: readonly string[]): Promise<(string | undefined)[]> {
    return this.#readField(ids, 'generation');
  }

  async #readField(ids: readonly string[], field: string): Promise<(string | undefined)[]> {
    const values = await readEach<string | null>(this.#redis, ids, (pipeline, id) =>
      pipeline.hget(this.#keys.document(id), field),
    );
    return values.map((value) => value ?? undefined);
  }

  /** Reads the document of each id, in order; `undefined` for one that is not registered. */
  async readEach(ids: readonly string[]): Promise<(StoredDocument | undefined)[]> {
    const hashes = await readEach<Record<string, string>>(this.#redis, ids, (pipeline, id) =>
      pipeline.hgetall(this.#keys.document(id)),
    );
    return hashes.map((hash) => hash && toDocument(hash));
  }
}

/** Reads a document's settings. If an older version kept none, returns the defaults of an upload, marked as assumed. */
function toSettings(hash: Record<string, string>) {
  const stored = readSettings(hash);
  if (stored) return { ...stored, settings_assumed: undefined };
  const defaults = parseUploadFields({});
  if (!defaults.ok) throw new Error(defaults.detail);
  return { ...settingsOf(defaults.fields), settings_assumed: true as const };
}

const StoredMetadata = v.fallback(v.pipe(v.string(), v.parseJson(), MetadataSchema), {});

/** Reads a document, as far as it makes sense, because other programs may have changed it. It never throws. */
function toDocument(hash: Record<string, string>): StoredDocument | undefined {
  if (hash['id'] === undefined) return undefined;
  const text = (name: string) => hash[name] ?? '';
  const count = (name: string) => (/^\d{1,15}$/.test(text(name)) ? Number(text(name)) : 0);
  return {
    id: text('id'),
    filename: text('filename'),
    collection: text('collection'),
    media_type: hash['media_type'] || undefined,
    size: count('size'),
    content_hash: hash['content_hash'] || undefined,
    chunk_count: count('chunk_count'),
    ...toSettings(hash),
    reader_version: hash['reader_version'] || undefined,
    missing_chunks: count('missing_chunks') || undefined,
    file_gone: hash['file_gone'] === '1' || undefined,
    reindex_job: hash['reindex_job'],
    metadata: v.parse(StoredMetadata, hash['metadata']),
    metadata_pending: hash['edit_pending'] === '1' || undefined,
    model: text('model'),
    created_at: text('created_at'),
    updated_at: text('updated_at'),
    generation: text('generation'),
    tenant: text('tenant'),
    file_key: text('file_key'),
    edited_ms: editTime(count('edited_ms')),
  };
}

/** Returns the public fields of a document in the contract's order. */
export function toPublicDocument(stored: StoredDocument): Document {
  const {
    generation: _generation,
    tenant: _tenant,
    file_key: _key,
    edited_ms: _edited,
    ...document
  } = stored;
  return document;
}
