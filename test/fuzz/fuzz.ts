import { readdir } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { expect } from 'vitest';

import type { ParseResponse } from '../../src/contract/services/processor.ts';
import { CHUNKING_STRATEGIES } from '../../src/contract/upload.ts';
import { DependencyError } from '../../src/errors.ts';
import { ProcessorClient } from '../../src/processor-client/processor-client.ts';
import { PeakMemory } from '../helpers/measures/peak-memory.ts';
import { startTestProcessor } from '../helpers/processors/processor.ts';
import { processorChildren } from '../helpers/processors/processor-children.ts';
import { runCases, type FuzzOptions, type MutatedFile, type Outcomes } from './cases.ts';

const CHILDREN = 2;
const MAX_TEXT_CHARS = 2_000_000;
/** What a mutated file takes is far below; one that goes past it counts as a hang, and costs a child. */
const TIMEOUT_MS = 30_000;

export interface FuzzReport extends Outcomes {
  /** Why children were replaced, as the log has it. */
  losses: string[];
  /** The most memory that a child ever held. */
  peakMiB: number;
}

/**
 * Sends mutated documents through a real processor and its children, and cuts what can be read.
 * @throws when one ends otherwise than in a text that keeps the contract or in a document's error or the loss of
 *   its child, or when the processor is not as good as new afterwards
 */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
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
  using memory = new PeakMemory();

  try {
    const report = await runCases(options, CHILDREN + 1, 'read', (file) => outcomeOf(client, file));
    await expectAsNew(client, processor.tmpDir);
    const losses = processor.lines.filter((line) => line.startsWith('a child is replaced'));
    return { ...report, losses, peakMiB: await memory.stop() };
  } finally {
    await client.close();
    await processor.close();
  }
}

async function outcomeOf(client: ProcessorClient, { bytes, filename, random }: MutatedFile): Promise<string> {
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
  await expect.poll(() => processorChildren().length).toBe(CHILDREN);
  expect(await client.health()).toMatchObject({ status: 'ok' });
  const left = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.pdf'));
  expect(left).toEqual([]);
}
