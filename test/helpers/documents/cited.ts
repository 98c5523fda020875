import { createHash } from 'node:crypto';
import { ChromaClient } from 'chromadb';
import { Redis } from 'ioredis';
import { expect } from 'vitest';

import type { ParseResponse } from '../../../src/contract/services/processor.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import type { TestSluice } from '../servers/sluice.ts';

/** A chunk as Chroma stores it. */
export interface Stored {
  id: string;
  text: string;
  metadata: Record<string, unknown> & { start: number; end: number };
}

export interface Cited {
  parsed: ParseResponse;
  stored: Stored[];
  collection: string;
  documentId: string;
}

let collections = 0;

/** Uploads a file, and reads its chunks from Chroma in order. */
export async function ingest(
  sluice: TestSluice,
  file: string | File,
  fields: Record<string, string>,
): Promise<Cited> {
  const collection = `cited-${collections++}`;
  const { job_id } = await sluice.upload(file, { collection, ...fields });
  const job = await sluice.ended(job_id);
  expect(job).toMatchObject({ status: 'completed' });
  const { document_id: documentId, chunk_count } = job.result!;
  const { hostname, port } = new URL(sluice.chromaUrl);
  const chroma = new ChromaClient({ host: hostname, port: Number(port) });
  const found = await (await chroma.getCollection({ name: collection })).get();
  expect(found.ids.length).toBe(chunk_count);
  const stored = found.ids.map((id, i) => ({
    id,
    text: found.documents[i]!,
    metadata: found.metadatas[i] as Stored['metadata'],
  }));
  stored.sort((a, b) => a.metadata.start - b.metadata.start);
  return { parsed: await sluice.parse(file), stored, collection, documentId };
}

/** Expects every chunk to be an exact slice of the text, with the page and heading where it begins. */
export async function expectExact(
  sluice: TestSluice,
  { parsed: { text, segments }, stored, documentId }: Cited,
  name: string,
  bytes: Uint8Array,
): Promise<void> {
  const redis = new Redis(sluice.redisUrl);
  const generation = await redis.hget(createKeys().document(documentId), 'generation');
  redis.disconnect();
  const contentHash = createHash('sha256').update(bytes).digest('hex');
  for (const [index, { id, text: own, metadata }] of stored.entries()) {
    const { start, end, context: _, ...labels } = metadata;
    expect(own).toBe(text.slice(start, end));
    const segment = segments.find((segment) => segment.start <= start && start < segment.end);
    expect(id).toBe(`${documentId}:${generation}:${index}`);
    expect(labels).toEqual({
      document_id: documentId,
      generation,
      chunk_index: index,
      _node_type: 'TextNode',
      _node_content: expect.stringContaining(id) as string,
      filename: name,
      content_hash: contentHash,
      ...(segment?.page !== undefined && { page: segment.page }),
      ...(segment?.heading !== undefined && { heading: segment.heading }),
    });
  }
}

/** Finds the chunks that hold the words, with any blanks between them. */
export const holding = (stored: readonly Stored[], words: string) =>
  stored.filter(({ text }) => text.replaceAll(/\s+/g, ' ').includes(words));
