import { readdir, readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { expect } from 'vitest';

import { DOCUMENT_ERRORS, type ParseResponse } from '../../src/contract/processor.ts';
import { CHUNKING_STRATEGIES } from '../../src/contract/upload.ts';
import { DependencyError } from '../../src/errors.ts';
import { ProcessorClient } from '../../src/processor-client/processor-client.ts';
import { Random } from '../chaos/random.ts';
import { corpusPath } from '../helpers/corpus.ts';
import { PeakMemory } from '../helpers/peak-memory.ts';
import { startTestProcessor } from '../helpers/processor.ts';
import { processorChildren } from '../helpers/processor-children.ts';
import { mutate } from './mutate.ts';

const CHILDREN = 2;
const MAX_TEXT_CHARS = 2_000_000;
/** What a mutated file takes is far below; one that goes past it counts as a hang, and costs a child. */
const TIMEOUT_MS = 10_000;

export interface FuzzOptions {
  seed: string;
  /** How many mutated files. */
  cases: number;
  /** Which of them to run; all if not given. */
  only?: number | undefined;
  files: readonly string[];
}

export interface FuzzReport {
  /** How often each thing came of a file: `read`, or a code. */
  outcomes: Record<string, number>;
  /** The files that cost a child, as cases to run again. */
  costly: string[];
  /** Why children were replaced, as the log has it. */
  losses: string[];
  /** The most memory that a child ever held. */
  peakMiB: number;
}

/**
 * Sends mutated files of the corpus through a real processor and its children, and cuts what can be read.
 * @throws when one ends otherwise than in a text that keeps the contract or in a document's error or the loss of
 *   its child, or when the processor is not as good as new afterwards
 */
export async function fuzz({ seed, cases, only, files }: FuzzOptions): Promise<FuzzReport> {
  const corpus = await Promise.all(
    files.map(async (name) => ({ name, bytes: await readFile(corpusPath(name)) })),
  );
  const report: FuzzReport = { outcomes: {}, costly: [], losses: [], peakMiB: 0 };
  const processor = await startTestProcessor({
    children: CHILDREN,
    timeoutMs: TIMEOUT_MS,
    maxTextChars: MAX_TEXT_CHARS,
  });
  const client = new ProcessorClient(processor.url, {
    timeoutMs: 6 * TIMEOUT_MS,
    callMs: 60 * TIMEOUT_MS,
    maxTextChars: MAX_TEXT_CHARS,
  });
  const memory = new PeakMemory();

  const run = async (index: number) => {
    const random = new Random(`${seed}/${index}`);
    const { name, bytes } = random.pick(corpus);
    const mutated = mutate(bytes, random, random.pick(corpus).bytes);
    const filename = random.chance(0.9) ? name : random.pick(corpus).name;
    const outcome = await outcomeOf(client, mutated, filename, random);
    report.outcomes[outcome] = (report.outcomes[outcome] ?? 0) + 1;
    if (outcome === 'read' || Object.hasOwn(DOCUMENT_ERRORS, outcome)) return;
    report.costly.push(`${outcome}: FUZZ_SEED=${seed} FUZZ_CASE=${index} (${name})`);
  };
  const indices = only === undefined ? Array.from({ length: cases }, (_, index) => index) : [only];
  const lane = async () => {
    for (let index; (index = indices.shift()) !== undefined;) await run(index);
  };
  try {
    await Promise.all(Array.from({ length: CHILDREN + 1 }, lane));
    await expectAsNew(client, processor.tmpDir);
  } finally {
    report.peakMiB = await memory.stop();
    report.losses = processor.lines.filter((line) => line.startsWith('a child is replaced'));
    await client.close();
    await processor.close();
  }
  return report;
}

async function outcomeOf(
  client: ProcessorClient,
  bytes: Buffer,
  filename: string,
  random: Random,
): Promise<string> {
  const never = new AbortController().signal;
  const open = async () => ({ stream: Readable.from([bytes], { objectMode: false }), size: bytes.length });
  let parsed: ParseResponse;
  try {
    parsed = await client.parse({ filename, mediaType: undefined, open }, never, () => {});
  } catch (error) {
    if (error instanceof DependencyError) return error.code;
    throw error;
  }
  const { text, segments } = parsed;
  expect(text).not.toMatch(/[\0\r]/);
  expect(segments.at(-1)?.end).toBe(text.length);
  const strategy = random.pick(CHUNKING_STRATEGIES);
  const request = { text, segments, strategy, chunk_size: random.int(32, 2000), chunk_overlap: 16 };
  await client.chunk(request, never);
  return 'read';
}

/** All children are there, ready for work, and no file of a caller's is. */
async function expectAsNew(client: ProcessorClient, folder: string): Promise<void> {
  await expect.poll(() => processorChildren().length, { timeout: 10_000 }).toBe(CHILDREN);
  expect(await client.health()).toMatchObject({ status: 'ok' });
  const left = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.pdf'));
  expect(left).toEqual([]);
}
