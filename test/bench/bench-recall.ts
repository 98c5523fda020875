import { readFile, rm, mkdtemp } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';

import type {
  ChunkResponse,
  CutChunk,
  EmbedResponse,
  ParseResponse,
} from '../../src/contract/services/processor.ts';
import { CHUNKING_STRATEGIES, type ChunkingStrategy } from '../../src/contract/upload.ts';
import { createLogger } from '../../src/logging/logger.ts';
import { Guard } from '../../src/access/guard.ts';
import { startProcessor } from '../../src/processor/server.ts';
import { documentBytes } from '../documents/documents.ts';
import { printTable } from './statistics.ts';

const CHUNK_SIZE = 512;
const CHUNK_OVERLAP = 50;
const NEAREST = 5;
const EMBED_BATCH = 16;

interface Question {
  file: string;
  question: string;
  /** A passage that answers it, but for its blanks. */
  quote: string;
}
type ParsedFile = ParseResponse & { file: string };
interface Passage extends CutChunk {
  file: string;
}

/**
 * How often one of the five chunks nearest to a question, of all chunks of three documents, holds the whole passage
 * that answers it: for each way to cut, with the bundled model.
 */
export async function bench(): Promise<void> {
  const { questions } = JSON.parse(
    await readFile(join(import.meta.dirname, 'recall-questions.json'), 'utf8'),
  ) as { questions: Question[] };
  const tmpDir = await mkdtemp(join(tmpdir(), 'bench-recall-'));
  const children = availableParallelism();
  const processor = await startProcessor({
    host: '127.0.0.1',
    port: 0,
    tmpDir,
    children,
    timeoutMs: 30_000,
    maxTextChars: 20_000_000,
    maxUploadBytes: 1e9,
    embeddings: undefined,
    guard: new Guard([], [], createLogger('bench')),
    logger: createLogger('bench'),
  });
  const calls = new Calls(`http://127.0.0.1:${processor.port}`, children);
  try {
    const files = [...new Set(questions.map(({ file }) => file))];
    const parsed = await Promise.all(files.map(async (file) => ({ file, ...(await calls.parse(file)) })));
    const asked = await calls.embed(questions.map(({ question }) => question));
    const rows = [['strategy', 'chunks', 'characters', 'recall@1', `recall@${NEAREST}`]];
    for (const strategy of CHUNKING_STRATEGIES) {
      const chunks = (await Promise.all(parsed.map((file) => calls.chunk(file, strategy)))).flat();
      const vectors = await calls.embed(chunks.map(embeddedText));
      const ranks = questions.map((question, index) => {
        const nearest = nearestChunks(asked[index] ?? [], vectors).map((at) => chunks[at]);
        return nearest.findIndex((chunk) => chunk !== undefined && holdsPassage(chunk, question));
      });
      const share = (within: number) =>
        (ranks.filter((rank) => rank >= 0 && rank < within).length / questions.length).toFixed(2);
      const size = chunks.reduce((sum, { text }) => sum + text.length, 0) / chunks.length;
      rows.push([strategy, String(chunks.length), size.toFixed(0), share(1), share(NEAREST)]);
    }
    console.log(`${questions.length} questions`);
    printTable(rows);
  } finally {
    await processor.close();
    await rm(tmpDir, { recursive: true });
  }
}

/** As the worker has chunks embedded. */
function embeddedText({ text, context }: Passage): string {
  return context === undefined ? text : `${context}\n${text}`;
}

function holdsPassage({ file, text }: Passage, question: Question): boolean {
  const words = (passage: string) => passage.split(/\s+/).join(' ');
  return file === question.file && words(text).includes(words(question.quote));
}

/** The indexes of the vectors that are nearest to one, nearest first; all have the same length. */
function nearestChunks(to: readonly number[], vectors: readonly (readonly number[])[]): number[] {
  const scored = vectors.map((vector, index) => {
    return { index, score: vector.reduce((sum, value, i) => sum + value * (to[i] ?? 0), 0) };
  });
  scored.sort((a, b) => b.score - a.score);
  return scored.slice(0, NEAREST).map(({ index }) => index);
}

class Calls {
  readonly #url: string;
  readonly #atOnce: number;
  /** Strategies cut much of a text alike. */
  readonly #known = new Map<string, number[]>();

  constructor(url: string, atOnce: number) {
    this.#url = url;
    this.#atOnce = atOnce;
  }

  async parse(file: string): Promise<ParseResponse> {
    const form = new FormData();
    form.set('file', new Blob([await documentBytes(file)]), file);
    return this.#post<ParseResponse>('/parse', form);
  }

  async chunk({ file, text, segments }: ParsedFile, strategy: ChunkingStrategy): Promise<Passage[]> {
    const sizes = { chunk_size: CHUNK_SIZE, chunk_overlap: CHUNK_OVERLAP };
    const body = JSON.stringify({ text, segments, strategy, ...sizes });
    const { chunks } = await this.#post<ChunkResponse>('/chunk', body);
    return chunks.map((chunk) => ({ file, ...chunk }));
  }

  async embed(texts: readonly string[]): Promise<number[][]> {
    const unknown = [...new Set(texts)].filter((text) => !this.#known.has(text));
    const line = async () => {
      for (let batch; (batch = unknown.splice(0, EMBED_BATCH)).length > 0;) {
        const { embeddings } = await this.#post<EmbedResponse>('/embed', JSON.stringify({ texts: batch }));
        for (const [index, text] of batch.entries()) this.#known.set(text, embeddings[index] ?? []);
      }
    };
    await Promise.all(Array.from({ length: this.#atOnce }, line));
    return texts.map((text) => this.#known.get(text) ?? []);
  }

  async #post<Body>(path: string, body: string | FormData): Promise<Body> {
    const headers = typeof body === 'string' ? { 'content-type': 'application/json' } : {};
    const response = await fetch(this.#url + path, { method: 'POST', body, headers });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Body;
  }
}
