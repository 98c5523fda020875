import { createHash, randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Redis } from 'ioredis';

import { createKeys } from '../../../src/redis/keys.ts';

const keys = createKeys();

/**
 * Registers a document with its original, as a completed job does. It needs no worker.
 * @param fields replace the usual ones
 * @returns its id, and the path of its original
 */
export async function registerDocument(
  redis: Redis,
  dataDir: string,
  bytes: Buffer | string,
  fields: Record<string, string> = {},
): Promise<{ id: string; path: string }> {
  const id = randomUUID();
  const folder = join(dataDir, 'blobs', 'default');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, id), bytes);
  const collection = fields['collection'] ?? 'papers';
  await redis.hset(keys.document(id), {
    id,
    tenant: 'default',
    filename: 'a.txt',
    collection,
    size: String(Buffer.byteLength(bytes)),
    content_hash: createHash('sha256').update(bytes).digest('hex'),
    media_type: 'text/plain',
    metadata: '{}',
    model: 'm',
    chunk_count: '1',
    generation: 'g',
    file_key: `default/${id}`,
    created_at: '2026-01-01T00:00:00Z',
    updated_at: '2026-01-01T00:00:00Z',
    ...fields,
  });
  const now = Date.now();
  await redis.zadd(keys.documents('default'), now, id);
  await redis.zadd(keys.documentsIn('default', collection), now, id);
  return { id, path: join(folder, id) };
}
