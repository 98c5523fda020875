import { DEFAULT_TENANT } from '../../redis/keys.ts';
import { parsePayload, type JobPayload } from './job-payload.ts';
import { toHash } from './job-event.ts';
import type { JobHash } from './job-view.ts';
import type { StageCosts } from './stage-costs.ts';

/** Type of a job that embeds a collection again. Every other job makes a document. */
const REEMBED = 'collection_reembed';

/** Version of an upload's job after its first claim. The upload makes version 1. */
const FIRST_CLAIM = '2';

/** A worker's hold on a job. Each write carries the token, and Redis refuses it once another worker holds the job. */
export interface Claim {
  readonly id: string;
  readonly token: string;
}

/** A job that a worker has claimed. */
export interface ClaimedJob extends Claim {
  readonly tenant: string;
  /** Retries of this run before this attempt. */
  readonly retryCount: number;
  readonly maxRetries: number;
  /** The work, or the fault of a payload that another program wrote. */
  readonly work: { ok: true; payload: JobPayload; documentId: string } | { ok: false; detail: string };
  /** Collection that a reembed job embeds again, whose `work` is not ok; `undefined` for a job that makes a document. */
  readonly reembeds: string | undefined;
  /** Number of the run, from 1. */
  readonly run: number;
  /** Number of the claim within the run, from 1. */
  readonly attempt: number;
  /** True for the first claim of an upload. `attempt` does not tell, because it counts no claim that was given back. */
  readonly isFirst: boolean;
  /** Stored fields at the claim. Only `JobReports` reads them, because it makes the job's next version from them. */
  readonly hash: JobHash;
  /** Time at which this process sent the claim, by its own clock (`performance.now()`, ms). The lease began later. */
  readonly askedAt: number;
  /** The reply of the claim: Redis' time (ms), this process' own when it came, and what completed runs cost. */
  readonly reply: ClaimReply;
}

/** The reply of a claim, beside its jobs. */
export interface ClaimReply {
  readonly nowMs: number;
  readonly cameAt: number;
  readonly costs: StageCosts | undefined;
}

/**
 * Reads granted jobs once, so that their worker handles no raw fields.
 * @param granted values, payload and timeline of each job
 */
export function toClaimedJobs(granted: readonly string[], askedAt: number, reply: ClaimReply): ClaimedJob[] {
  const jobs: ClaimedJob[] = [];
  for (let i = 0; i < granted.length; i += 3) {
    const [values, payload, timeline] = granted.slice(i, i + 3) as [string, string, string];
    const hash = { ...toHash(JSON.parse(values) as (string | false)[]), timeline };
    jobs.push({ ...toClaimedJob(hash, payload), hash, askedAt, reply });
  }
  return jobs;
}

function toClaimedJob(hash: JobHash, payload: string): Omit<ClaimedJob, 'hash' | 'askedAt' | 'reply'> {
  const id = hash['id'] as string;
  const read = parsePayload(payload);
  return {
    id,
    token: hash['token'] as string,
    tenant: hash['tenant'] ?? DEFAULT_TENANT,
    retryCount: Number(hash['retry_count']) || 0,
    maxRetries: Number(hash['max_retries']) || 0,
    work: read.ok ? { ...read, documentId: read.payload.document_id ?? id } : read,
    reembeds: hash['type'] === REEMBED ? hash['collection'] : undefined,
    run: Number(hash['run']) || 1,
    attempt: Number(hash['attempt']) || 1,
    isFirst: hash['version'] === FIRST_CLAIM,
  };
}
