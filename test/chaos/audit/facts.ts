import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ChromaClient } from 'chromadb';

import type { Document, DocumentList } from '../../../src/contract/documents.ts';
import type { Job } from '../../../src/contract/job.ts';
import { INSTALLATION_FILE } from '../../../src/installation/blob-identity.ts';
import { filesIn } from '../../helpers/stores/settled.ts';
import type { Topology } from '../harness.ts';
import { listKeywords, type KeywordFacts } from './keyword-facts.ts';

const CHROMA_PAGE = 5000;
const REQUESTS_AT_ONCE = 16;

/** A chunk as Chroma holds it, by what its id says. */
export interface StoredChunk {
  id: string;
  collection: string;
  documentId: string;
  generation: string;
  index: number;
}

/** Everything that can be seen from outside once a run is over. */
export interface Facts {
  /** Response of `GET /api/jobs/{id}`, also as text; `undefined` for an unknown id. */
  jobs: ReadonlyMap<string, { job: Job; json: string } | undefined>;
  documents: ReadonlyMap<string, Document>;
  /** Reindex and reembed jobs. Their payload names another job's file, or none. */
  jobsWithoutUpload: ReadonlySet<string>;
  /** By document. */
  chunks: ReadonlyMap<string, readonly StoredChunk[]>;
  /** Generations and completeness of the keyword index. */
  keywords: KeywordFacts;
  /** The text of each document's first chunk. */
  firstTexts: ReadonlyMap<string, string>;
  /** Values that edits have set in the metadata of chunks, by the chunk's id. */
  edited: ReadonlyMap<string, number>;
  /** SHA-256 of each document's original, as the api sends it; `undefined` after an error. */
  originals: ReadonlyMap<string, string | undefined>;
  /** The file that the registry names for each document. */
  fileKeys: ReadonlyMap<string, string>;
  /** Every key in Redis, and its time to live in seconds: -1 for ever. */
  keys: ReadonlyMap<string, number>;
  /** Dead generations that are still to be deleted, and those only looked at once more. */
  cleanups: { first: string[]; second: string[] };
  /** Names of the blob folder's files, with the contents of manifests. */
  files: ReadonlyMap<string, string | undefined>;
  /** What the processor's folder still holds. */
  temporary: readonly string[];
}

/** @param acceptedIds jobs that must be known, beside all that Redis has */
export async function gatherFacts(topology: Topology, acceptedIds: readonly string[]): Promise<Facts> {
  const keys = await listKeys(topology);
  const inRedis = [...keys.keys()]
    .filter((key) => key.startsWith('job:'))
    .map((key) => key.slice('job:'.length));
  const ids = [...new Set([...acceptedIds, ...inRedis])];
  const [jobs, jobsWithoutUpload, documents, stored, keywords, entries, files, temporary] = await Promise.all(
    [
      readJobs(topology, ids),
      listJobsWithoutUpload(topology, inRedis),
      listDocuments(topology),
      listChunks(topology),
      listKeywords(topology),
      topology.inspector.zrange('jobs:cleanup', '0', '-1'),
      listFiles(topology),
      filesIn(join(topology.dir, 'processor')),
    ],
  );
  const listed = [...documents.keys()];
  const [originals, fileKeys] = await Promise.all([
    readOriginals(topology, listed),
    readFileKeys(topology, listed),
  ]);
  const isSecond = (entry: string) => (JSON.parse(entry) as unknown[]).at(-1) === 2;
  return {
    jobs,
    jobsWithoutUpload,
    documents,
    ...stored,
    keywords,
    originals,
    fileKeys,
    keys,
    cleanups: { first: entries.filter((entry) => !isSecond(entry)), second: entries.filter(isSecond) },
    files,
    temporary,
  };
}

async function listKeys({ inspector }: Topology): Promise<Map<string, number>> {
  const keys = new Map<string, number>();
  for (let cursor = '0'; ;) {
    const [next, page] = await inspector.scan(cursor, 'COUNT', 500);
    const ttls = inspector.pipeline();
    for (const key of page) ttls.ttl(key);
    const replies = (await ttls.exec()) ?? [];
    for (const [i, key] of page.entries()) {
      const ttl = replies[i]?.[1] as number;
      // Gone between the two looks.
      if (ttl !== -2) keys.set(key, ttl);
    }
    if (next === '0') return keys;
    cursor = next;
  }
}

async function listJobsWithoutUpload({ inspector }: Topology, ids: readonly string[]): Promise<Set<string>> {
  const payloads = await Promise.all(ids.map((id) => inspector.hget(`job:${id}`, 'payload')));
  // A document id alone proves nothing, because a job that runs once more after a rollback names its own.
  return new Set(ids.filter((id, i) => payloads[i]?.includes(`"file_key":"default/${id}"`) === false));
}

async function readJobs({ apiUrls }: Topology, ids: readonly string[]) {
  const jobs = new Map<string, { job: Job; json: string } | undefined>();
  await eachAtOnce(ids, async (id, i) => {
    const response = await fetch(`${apiUrls[i % 2]}/api/jobs/${id}`);
    const json = await response.text();
    if (!response.ok && response.status !== 404)
      throw new Error(`job ${id}: HTTP ${response.status} ${json}`);
    jobs.set(id, response.ok ? { job: JSON.parse(json) as Job, json } : undefined);
  });
  return jobs;
}

/** Calls a function for every id, {@link REQUESTS_AT_ONCE} at once. */
async function eachAtOnce(
  ids: readonly string[],
  use: (id: string, i: number) => Promise<void>,
): Promise<void> {
  const left = [...ids.entries()];
  const user = async () => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) await use(next[1], next[0]);
  };
  await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, user));
}

async function listDocuments({ apiUrls }: Topology): Promise<Map<string, Document>> {
  const documents = new Map<string, Document>();
  for (let cursor = ''; ;) {
    const response = await fetch(`${apiUrls[0]}/api/documents?limit=1000${cursor}`);
    if (!response.ok) throw new Error(`documents: HTTP ${response.status}`);
    const list = (await response.json()) as DocumentList;
    for (const document of list.documents) documents.set(document.id, document);
    if (list.next_cursor === undefined) return documents;
    cursor = `&cursor=${list.next_cursor}`;
  }
}

async function readOriginals({ apiUrls }: Topology, ids: readonly string[]) {
  const hashes = new Map<string, string | undefined>();
  await eachAtOnce(ids, async (id, i) => {
    const response = await fetch(`${apiUrls[i % 2]}/api/documents/${id}/content`);
    const bytes = Buffer.from(await response.arrayBuffer());
    hashes.set(id, response.ok ? createHash('sha256').update(bytes).digest('hex') : undefined);
  });
  return hashes;
}

async function readFileKeys({ inspector }: Topology, ids: readonly string[]): Promise<Map<string, string>> {
  const keys = await Promise.all(ids.map((id) => inspector.hget(`document:${id}`, 'file_key')));
  return new Map(ids.map((id, i) => [id, keys[i] ?? '']));
}

async function listChunks({ chromaUrl }: Topology) {
  const { hostname, port } = new URL(chromaUrl);
  const client = new ChromaClient({ host: hostname, port: Number(port) });
  const chunks = new Map<string, StoredChunk[]>();
  const firstTexts = new Map<string, string>();
  const edited = new Map<string, number>();
  for (const { name } of await client.listCollections({ limit: 100 })) {
    const collection = await client.getCollection({ name });
    for (let offset = 0; ; offset += CHROMA_PAGE) {
      const { ids } = await collection.get({ limit: CHROMA_PAGE, offset, include: [] });
      for (const id of ids) {
        const [documentId = '', generation = '', index] = id.split(':');
        const chunk = { id, collection: name, documentId, generation, index: Number(index) };
        const known = chunks.get(documentId);
        if (known) known.push(chunk);
        else chunks.set(documentId, [chunk]);
      }
      if (ids.length < CHROMA_PAGE) break;
    }
    const first = await collection.get({ where: { chunk_index: 0 }, include: ['documents'] });
    for (const [i, id] of first.ids.entries())
      firstTexts.set(id.split(':')[0] ?? '', first.documents[i] ?? '');
    const found = await collection.get({ where: { edited: { $gte: 0 } }, include: ['metadatas'] });
    for (const [i, id] of found.ids.entries()) edited.set(id, Number(found.metadatas[i]?.['edited']));
  }
  return { chunks, firstTexts, edited };
}

async function listFiles({ blobDir }: Topology): Promise<Map<string, string | undefined>> {
  const files = new Map<string, string | undefined>();
  for (const entry of await readdir(blobDir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    // Identifies the folder's installation, and belongs to no upload.
    if (entry.name === INSTALLATION_FILE) continue;
    const path = join(entry.parentPath, entry.name);
    const text = entry.name.endsWith('.json') ? await readFile(path, 'utf8').catch(() => '') : undefined;
    files.set(path.slice(blobDir.length + 1), text);
  }
  return files;
}
