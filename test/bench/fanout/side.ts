import type { Job } from '../../../src/contract/job.ts';

/** One of those that are compared: its server, what publishes to it, and how its clients speak. */
export interface Side {
  /**
   * Starts its server in this process.
   * @param folder for what it keeps on the disk
   */
  serve(redisUrl: string, folder: string): Promise<Server>;
  /** What Node is started with for its server, where that is not left to Node. */
  nodeFlags?: readonly string[];
  /** Opens what publishes the states of so many jobs. */
  publisher(redisUrl: string, jobs: number): Promise<Publish>;
  /** Where its clients upgrade. */
  path: string;
  /** What a client says after its upgrade to watch a job or, without one, all that are active. */
  greeting(jobId: string | undefined): Exchange[];
}

export interface Server {
  port: number;
  /** How many bytes wait in its sockets. */
  buffered(): Promise<number>;
}

/** Publishes a job's next state. @param job which one, from 0 */
export type Publish = (job: number, message: string, progress: number) => void;

/** A text that a client sends, and what the response to it begins with. */
export type Exchange = readonly [send: string, response: string];

/** @param name the file of the side */
export async function loadSide(name: string): Promise<Side> {
  const { side } = (await import(`./${name}`)) as { side: Side };
  return side;
}

export function jobId(job: number): string {
  return `6a1f0c3e-52d8-4b7e-9c41-${job.toString().padStart(12, '0')}`;
}

export const PAYLOAD = {
  filename: 'annual-report-2024-consolidated-financial-statements-and-notes-signed.pdf',
  file_size: 4_821_304,
  collection: 'annual-reports-and-financial-statements-of-the-group-2014-to-2024',
  chunking_strategy: 'sentence' as const,
  chunk_size: 1000,
  chunk_overlap: 0,
  file_key: 'b8/5c2f4c1e-annual-report.pdf',
  media_type: 'application/pdf',
  metadata: {},
};

const NOW = '2026-11-23T16:16:34Z';

/** What every job reports beside its progress and message. */
export const REPORT = {
  stage: 'embed' as const,
  counts: { pages_done: 128, pages_total: 128, chunks_done: 640, chunks_total: 1024 },
};

/** The state that Sluice shows of such a job, for those who publish it as it is. */
export function jobState(job: number, version: number, message: string, progress: number): Job {
  return {
    id: jobId(job),
    type: 'document_upload',
    status: 'processing',
    progress,
    message,
    started_at: NOW,
    version,
    run: 1,
    attempt: 1,
    filename: PAYLOAD.filename,
    collection: PAYLOAD.collection,
    fraction: progress / 100,
    ...REPORT,
    created_at: NOW,
    updated_at: NOW,
  };
}
