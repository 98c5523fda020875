import { expect } from 'vitest';

import { CHUNKING_STRATEGIES } from '../../src/contract/upload.ts';
import { startEmbeddingsServer } from '../helpers/servers/embeddings-server.ts';
import { residentMiB } from '../helpers/measures/memory.ts';
import { PeakMemory } from '../helpers/measures/peak-memory.ts';
import { processorChildren } from '../helpers/processors/processor-children.ts';
import { expectSettled } from '../helpers/stores/settled.ts';
import { startSluice } from '../helpers/servers/sluice.ts';
import { isAlive } from '../helpers/servers/supervised.ts';
import { runCases, type FuzzOptions, type MutatedFile, type Outcomes } from './cases.ts';

const CHILDREN = 2;
/** Uploads under way at once: more than there are children, so that jobs wait for each other. */
const LANES = 8;
/** What a mutated file takes is far below; one that goes past it costs a child, and its job a try. */
const TIMEOUT_MS = 30_000;
const JOB_TIMEOUT_MS = 20 * TIMEOUT_MS;
/** Sweeps run every sixth of it: none repairs a leftover before the run notices it. */
const LEASE_MS = 24 * 60 * 60 * 1000;

/**
 * Uploads mutated documents to a whole Sluice, as jobs.
 * @returns what became of them; the peak is that of the processor and its children, whichever is more
 * @throws when one does not end, or without a code; when something is left of it, or a role's process is not the same
 *   as before; or when a good file is not taken in afterwards
 */
export async function fuzzJobs(options: FuzzOptions): Promise<Outcomes & { peakMiB: number }> {
  const embedder = await startEmbeddingsServer();
  const sluice = await startSluice({
    env: {
      EMBEDDINGS_URL: embedder.url,
      PROCESSOR_CHILDREN: `${CHILDREN}`,
      PROCESSOR_TIMEOUT_MS: `${TIMEOUT_MS}`,
      MAX_TEXT_CHARS: '2000000',
      MAX_RETRIES: '1',
      LEASE_MS: `${LEASE_MS}`,
    },
  });
  const ids: string[] = [];
  const outcomeOf = async ({ bytes, filename, random }: MutatedFile) => {
    // An empty file is refused at once, and makes no job.
    const content = bytes.length === 0 ? ' ' : new Uint8Array(bytes);
    const { job_id } = await sluice.upload(new File([content], filename), {
      chunking_strategy: random.pick(CHUNKING_STRATEGIES),
      chunk_size: `${random.int(64, 2000)}`,
      chunk_overlap: '16',
      on_duplicate: 'keep',
    });
    ids.push(job_id);
    const { status, error_code } = await sluice.ended(job_id, JOB_TIMEOUT_MS);
    return error_code ?? status;
  };
  try {
    const before = await sluice.rolePids();
    const processor = before.at(-1)!;
    using memory = new PeakMemory(processor);
    const report = await runCases(options, LANES, 'completed', outcomeOf);
    const peakMiB = Math.max(await memory.stop(), (await residentMiB(processor)).peak);

    const { job_id } = await sluice.upload('readme.md', { on_duplicate: 'keep' });
    expect(await sluice.ended(job_id)).toMatchObject({ status: 'completed', attempt: 1 });
    await expectSettled(sluice, [...ids, job_id]);
    expect(await sluice.rolePids()).toEqual(before);
    await expect.poll(() => processorChildren(processor).length).toBe(CHILDREN);
    const processes = [...before, ...processorChildren(processor)];
    await sluice.stop();
    expect(processes.filter(isAlive)).toEqual([]);
    return { ...report, peakMiB };
  } finally {
    await sluice.close();
    await embedder.close();
  }
}
