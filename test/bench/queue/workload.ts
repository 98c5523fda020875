import type { ProgressReport } from '../../../src/jobs/transitions/job-reports.ts';

export const CONCURRENCY = 64;

/** What every job carries. */
export const PAYLOAD = {
  filename: 'annual-report.pdf',
  file_size: 48_213,
  collection: 'default',
  chunking_strategy: 'sentence' as const,
  chunk_size: 1000,
  chunk_overlap: 0,
  file_key: 'b8/5c2f4c1e-annual-report.pdf',
  media_type: 'application/pdf',
  metadata: {},
};

/** Whether a job's code waits for each report to be written before it makes the next. */
export type Reporting = 'awaited' | 'at once';

/** What every job reports: the six marks of the pipeline that follow the one which a claim makes. */
export const REPORTS: readonly ProgressReport[] = [
  { progress: 30, message: 'Document parsed', stage: 'parse', counts: {} },
  { progress: 30, message: 'Chunking text...', stage: 'chunk', counts: {} },
  {
    progress: 60,
    message: 'Created 12 chunks',
    stage: 'chunk',
    counts: { chunks_done: 0, chunks_total: 12 },
  },
  {
    progress: 60,
    message: 'Generating embeddings...',
    stage: 'embed',
    counts: { chunks_done: 0, chunks_total: 12 },
  },
  {
    progress: 80,
    message: 'Embeddings generated',
    stage: 'embed',
    counts: { chunks_done: 12, chunks_total: 12 },
  },
  {
    progress: 80,
    message: 'Storing in vector DB...',
    stage: 'store',
    counts: { chunks_done: 12, chunks_total: 12 },
  },
];
