import { parentPort } from 'node:worker_threads';

import type { KeywordHits } from '../contract/services/keywords.ts';
import { CollectionReader, type CollectionQuery } from './collection-reader.ts';

/** Files that a thread keeps open. Each takes three descriptors and at most 2 MB of SQLite's cache. */
const MAX_OPEN = 30;

/** A query, and the file that it reads. */
export interface ThreadQuery extends CollectionQuery {
  path: string;
  /** `CollectionFile.revision`. Another one than before means that the path may lead to another file. */
  revision: number;
}

/** Reply to a query. `failed` names `errcode`, which an error loses on its way between threads. */
export type ThreadReply =
  | { found: Pick<KeywordHits, 'hits' | 'tokens'> }
  | { failed: { message: string; errcode: unknown } };

/** Open files, least recently used first. */
const readers = new Map<string, { revision: number; reader: CollectionReader }>();

function readerOf({ path, revision }: ThreadQuery): CollectionReader {
  let open = readers.get(path);
  readers.delete(path);
  if (open?.revision !== revision) {
    open?.reader.close();
    open = { revision, reader: new CollectionReader(path) };
  }
  readers.set(path, open);
  const [oldest] = readers;
  if (oldest !== undefined && readers.size > MAX_OPEN) {
    oldest[1].reader.close();
    readers.delete(oldest[0]);
  }
  return open.reader;
}

function reply(query: ThreadQuery): ThreadReply {
  try {
    return { found: readerOf(query).find(query) };
  } catch (error) {
    const { message, errcode } = error as { message: string; errcode?: unknown };
    return { failed: { message, errcode } };
  }
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
parentPort?.on('message', (query: ThreadQuery) => parentPort?.postMessage(reply(query)));
