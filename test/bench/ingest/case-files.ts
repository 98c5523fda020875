import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { CutChunk, ParseResponse } from '../../../src/contract/services/processor.ts';
import { VectorStore } from '../../../src/documents/vector-store.ts';
import { DependencyError } from '../../../src/errors.ts';
import { ProcessorClient } from '../../../src/processor-client/processor-client.ts';
import { DOCUMENT_NAMES, documentPages, documentPath } from '../../documents/documents.ts';
import { startEmbeddingsServer } from '../../helpers/servers/embeddings-server.ts';
import { qualityOf } from '../../helpers/documents/text-quality.ts';
import { wordsOf } from '../../helpers/documents/words.ts';
import { printTable } from '../statistics.ts';
import { startChroma } from './chroma.ts';
import { startProcessorProcess } from './processor-process.ts';

const EMBED_TEXTS = 32;
const STORE_CHUNKS = 250;
const LIMITS = { timeoutMs: 60_000, callMs: 60_000, maxTextChars: 20_000_000 };
const HEAD = [
  'file',
  'pages',
  'words',
  'chunks',
  'parse s',
  'chunk s',
  'embed s',
  'store s',
  'pages/s',
  'MiB',
  'OCR pages/s',
  'recall',
  'precision',
  'order',
];

/**
 * Each document of the tests through the real processor over HTTP, one step after the other, and into a real
 * Chroma; the embedder is a deterministic one, so that its time is next to nothing. Each file meets a
 * processor that has just started, so that the peak of memory is the file's own.
 */
export async function files(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-ingest-'));
  const [embedder, chroma] = await Promise.all([
    startEmbeddingsServer({ dimensions: 512 }),
    startChroma(folder),
  ]);
  const rows = [HEAD];
  try {
    for (const name of DOCUMENT_NAMES) {
      if (name === 'empty.txt') continue;
      const processor = await startProcessorProcess(folder, { EMBEDDINGS_URL: embedder.url });
      try {
        const steps = new Steps(name, processor.url, chroma.url);
        rows.push([name, ...(await row(steps, () => processor.peakMiB()))]);
      } finally {
        await processor.close();
      }
    }
    printTable(rows);
  } finally {
    await Promise.all([embedder.close(), chroma.down()]);
    await rm(folder, { recursive: true, force: true });
  }
}

async function row(steps: Steps, peakMiB: () => Promise<number>): Promise<string[]> {
  const parsed = await timed(() => steps.parse()).catch((error: unknown) => {
    if (error instanceof DependencyError) return error;
    throw error;
  });
  if (parsed instanceof DependencyError) return [`(${parsed.code})`];
  const { text, segments } = parsed.value;
  const chunked = await timed(() => steps.chunk(parsed.value));
  const embedded = await timed(() => steps.embed(chunked.value));
  const stored = await timed(() => steps.store(chunked.value, embedded.value));
  const pages = steps.pages ?? segments.findLast(({ page }) => page !== undefined)?.page;
  const memory = await peakMiB();
  const wrote = await documentPages(steps.name);
  const said = wrote.length > 1 ? textsByPage(parsed.value, wrote.length) : [text];
  const { recall, precision, order } = qualityOf(said, wrote);
  return [
    String(pages ?? '–'),
    String(wordsOf(text).length),
    String(chunked.value.length),
    ...[parsed, chunked, embedded, stored].map(({ seconds }) => seconds.toFixed(2)),
    pages === undefined ? '–' : (pages / parsed.seconds).toFixed(0),
    memory.toFixed(0),
    steps.ocrPages === undefined ? '–' : (steps.ocrPages / parsed.seconds).toFixed(2),
    ...[recall, precision, order].map((share) => share.toFixed(3)),
  ];
}

/** Returns the text of each page. */
function textsByPage({ text, segments }: ParseResponse, pages: number): string[] {
  return Array.from({ length: pages }, (_, index) =>
    segments
      .filter(({ page }) => page === index + 1)
      .map(({ start, end }) => text.slice(start, end))
      .join(''),
  );
}

async function timed<T>(work: () => Promise<T>): Promise<{ value: T; seconds: number }> {
  const began = performance.now();
  const value = await work();
  return { value, seconds: (performance.now() - began) / 1000 };
}

/** What a worker does with one document, a step at a time. */
class Steps {
  readonly name: string;
  /** As the parser says; known once it has parsed a file that has pages. */
  pages: number | undefined;
  /** Pages that OCR has read; undefined if none needed it. */
  ocrPages: number | undefined;
  readonly #processor: ProcessorClient;
  readonly #vectors: VectorStore;
  readonly #signal = new AbortController().signal;

  constructor(name: string, processorUrl: string, chromaUrl: string) {
    this.name = name;
    this.#processor = new ProcessorClient(processorUrl, LIMITS);
    this.#vectors = new VectorStore(chromaUrl);
  }

  async parse(): Promise<ParseResponse> {
    const path = await documentPath(this.name);
    const { size } = await stat(path);
    const source = {
      filename: this.name,
      mediaType: undefined,
      open: async () => ({ stream: createReadStream(path), size }),
    };
    return this.#processor.parse(source, this.#signal, (_done, total, ocr) => {
      this.pages = total;
      this.ocrPages = ocr.ocr_done ?? this.ocrPages;
    });
  }

  async chunk({ text, segments }: ParseResponse): Promise<CutChunk[]> {
    const request = { text, segments, strategy: 'sentence', chunk_size: 512, chunk_overlap: 50 } as const;
    return (await this.#processor.chunk(request, this.#signal)).chunks;
  }

  async embed(chunks: readonly CutChunk[]): Promise<number[][]> {
    const vectors: number[][] = [];
    for (let at = 0; at < chunks.length; at += EMBED_TEXTS) {
      const texts = chunks.slice(at, at + EMBED_TEXTS).map(({ text }) => text);
      vectors.push(...(await this.#processor.embed({ texts }, this.#signal)).embeddings);
    }
    return vectors;
  }

  async store(chunks: readonly CutChunk[], vectors: readonly number[][]): Promise<void> {
    const generation = { collection: 'bench', documentId: this.name, generation: '1' };
    const origin = { ...generation, filename: this.name, contentHash: undefined, metadata: {} };
    const records = chunks.map((chunk, index) => ({ ...chunk, index, embedding: vectors[index] ?? [] }));
    for (let at = 0; at < records.length; at += STORE_CHUNKS) {
      await this.#vectors.upsert(origin, records.slice(at, at + STORE_CHUNKS), this.#signal);
    }
  }
}
