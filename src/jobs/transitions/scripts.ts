import type { JobStatus, Outcome } from '../../contract/job.ts';
import { defineScript } from './define-script.ts';

const isOne = (reply: number) => reply === 1;
const orUndefined = <T>(reply: T | null) => reply ?? undefined;
const asIs = <T>(reply: T) => reply;
const ignore = () => {};
const toMadeJob = (reply: [string, string, JobStatus] | null) =>
  reply ? { id: reply[0], createdAt: reply[1], status: reply[2] } : undefined;

/** Registers every Lua script of `lua/` under its file's name. The header of each script describes its transition. */
export const SCRIPTS = {
  abandon: defineScript('job_key cleanup document_key', 'token tenant collection document_id', isOne),
  activate: defineScript('active', 'job_prefix ...ids', ignore),
  cancel: defineScript(
    'job_key queue lanes leases active delayed cleanup offset epoch outcomes cancelled tombstones parked',
    'id ttl_seconds line_prefix lane_prefix',
    orUndefined<JobStatus | Outcome>,
  ),
  canary: defineScript('epoch offset', 'channel nonce', asIs<number>),
  'check-batch': defineScript('', 'job_prefix tenant batch ...ids', ignore),
  // `max_retries` is for jobs that name none. `store` is the caller's blob store, or ''.
  claim: defineScript(
    'queue lanes leases active delayed limbo offset epoch grant_key recent cleanup installation parked outcomes costs',
    'job_prefix document_prefix line_prefix lane_prefix count nonce lease_ms max_retries longest_backoff_ms store ttl_seconds model reader_version',
    ([granted, nextMs, nowMs, costs]: [string[], number, string, string]) => ({
      granted,
      nextMs: nextMs < 0 ? undefined : nextMs,
      nowMs: Number(nowMs),
      costs,
    }),
  ),
  // `changes` is the caller's state of the counts; '' for none. `fields` is field, value, ...
  'correct-counts': defineScript('collections_key counts_key', 'name changes documents ...fields', isOne),
  'count-documents': defineScript('collections_key edited', 'document_prefix ...ids', asIs<string[]>),
  'delete-document': defineScript(
    'document_key documents_key collection_key collections_key queue lanes leases active delayed cleanup offset epoch outcomes cancelled tombstones parked incomplete reindexing edited',
    'id tenant collection job_prefix line_prefix lane_prefix ttl_seconds',
    orUndefined<string[]>,
  ),
  'due-batches': defineScript('batches', 'count', asIs<string[]>),
  'due-cleanups': defineScript('cleanup', 'count document_prefix longest_ms', asIs<string[]>),
  'due-edits': defineScript('edited', 'count document_prefix longest_ms', asIs<string[]>),
  // `limit` counts jobs under way.
  'due-reindexes': defineScript(
    'incomplete reindexing',
    'job_prefix document_prefix limit wait_ms longest_wait_ms',
    asIs<string[]>,
  ),
  'due-tombstones': defineScript('tombstones', 'count job_prefix document_prefix', asIs<string[]>),
  // `generation` and `seen_ms` are what the caller has read. `lost_ms` is '' for a new edit.
  'edit-document': defineScript(
    'document_key edited',
    'id tenant generation seen_ms lost_ms metadata copy wait_ms line_prefix',
    (reply: number | null) => (reply === null ? 'gone' : reply === 0 ? 'changed' : reply),
    { needsMemory: true },
  ),
  // `payload` is JSON. `fingerprint` is '' without an idempotency key, `batch` without a batch. `store` is the caller's blob store, or ''.
  // `on_duplicate` and `priority` are '' for a job that no upload made. `model` and `reader_version` are '' while they are unknown.
  enqueue: defineScript(
    'job_key queue lanes active leases offset epoch recent idempotency_key installation parked outcomes recovered server costs',
    'id tenant payload max_retries fingerprint idempotency_ttl_seconds filename collection forgotten store priority batch most_jobs on_duplicate copy name job_prefix document_prefix line_prefix lane_prefix ttl_seconds model reader_version',
    ([id, createdAt]: [string, string]) =>
      id === '' ? (createdAt as 'conflict' | 'batch_full') : { id, createdAt },
    { needsMemory: true },
  ),
  // `documents` is id, generation, time of the latest edit, copy, name of each.
  'enter-lines': defineScript('documents_key', 'document_prefix line_prefix ...documents', ignore),
  'expire-leases': defineScript(
    'leases queue lanes active cleanup offset epoch outcomes swept tombstones parked',
    'job_prefix line_prefix lane_prefix max_stalls ttl_seconds lease_ms',
    ([requeued, failed]: [number, number]) => ({ requeued, failed }),
  ),
  fail: defineScript(
    'job_key leases active cleanup offset epoch outcomes tombstones queue parked',
    'id line_prefix token message error_text error_code ttl_seconds',
    isOne,
  ),
  'finish-reembed': defineScript(
    'job_key leases active offset epoch outcomes',
    'id token ttl_seconds',
    isOne,
  ),
  // `originals` is the job id, document id and file key of each job.
  'find-tombstones': defineScript('tombstones', '...originals', (found: number[]) => found.map(isOne)),
  'finish-cleanup': defineScript('cleanup', 'entry second_look_ms', isOne),
  'finish-edit': defineScript('document_key edited', 'id generation seen_ms second_look_ms', isOne),
  'hold-reembed': defineScript(
    'job_key counts_key reembedding',
    'job_prefix id token run tenant collection',
    (reply: number) => (reply === 1 ? 'held' : reply === 0 ? 'lost' : 'taken'),
  ),
  // `generations` is JSON: [[collection, document id, generation], ...].
  'mark-dead': defineScript(
    'cleanup leases',
    'job_prefix document_prefix default_tenant generations',
    ([marked, places]: [number, number[]]) => ({ marked, places }),
  ),
  // The older keys are names in an older version's data.
  migrate: defineScript('offset epoch older_offset older_epoch active', 'job_prefix', ignore),
  'note-file-gone': defineScript('document_key incomplete', 'id generation wait_ms', isOne),
  'note-missing': defineScript('document_key incomplete', 'id generation missing', isOne),
  // `fields` is field, value, ...
  'note-settings': defineScript('document_key', 'generation ...fields', isOne),
  // `seen_epoch` and `seen_offset` are what the caller knows; '' and 0 at first.
  'open-epoch': defineScript(
    'epoch offset server',
    'seen_epoch seen_offset',
    ([epoch, offset, server]: [string, number, string]) => ({ epoch, offset, server }),
  ),
  'put-off-cleanup': defineScript('list_key', 'entry delay_ms', isOne),
  'recount-batch': defineScript('', 'tenant batch', ignore),
  reembed: defineScript(
    'job_key counts_key reembedding queue active offset epoch recent',
    'id tenant collection payload max_retries job_prefix',
    toMadeJob,
    { needsMemory: true },
  ),
  reindex: defineScript(
    'document_key job_key queue active offset epoch recent incomplete reindexing',
    'id document_id generation tenant payload max_retries filename collection job_prefix longest_wait_ms',
    toMadeJob,
    { needsMemory: true },
  ),
  release: defineScript('job_key leases queue lanes cleanup offset epoch', 'id token lane_prefix', isOne),
  // `claims` is the id and token of each job.
  renew: defineScript('leases', 'job_prefix lease_ms ...claims', asIs<string[]>),
  repair: defineScript(
    'active queue leases delayed limbo recent offset epoch cleanup outcomes durations server swept tombstones incomplete reindexing orphans parked counted counting recovered edited reembedding lanes batches costs changed',
    'job_prefix line_prefix cursor batch ttl_seconds',
    ([cursor, repaired]: [string, number]) => ({ cursor, repaired }),
  ),
  report: defineScript(
    'leases active cleanup offset epoch outcomes durations tombstones queue parked edited costs',
    'job_prefix line_prefix ttl_seconds ...reports',
    asIs<(number | Error)[]>,
  ),
  rerun: defineScript(
    'job_key queue lanes active offset epoch tombstones',
    'id ended_run lane_prefix',
    orUndefined<JobStatus>,
    { needsMemory: true },
  ),
  'restore-ended': defineScript(
    'job_key document_key offset epoch recent outcomes tombstones',
    'id tenant payload document_id ttl_seconds batch on_duplicate copy name',
    isOne,
  ),
  retry: defineScript(
    'job_key leases delayed cleanup offset epoch',
    'id token delay_ms error_text error_code counts_retry has_chunks',
    isOne,
  ),
  'retry-now': defineScript('job_key queue lanes delayed offset epoch', 'id version lane_prefix', isOne),
  'switch-models': defineScript(
    'collections_key',
    'document_prefix collection model dimension ...ids',
    ignore,
  ),
  withdraw: defineScript(
    'job_key queue lanes active recent idempotency_key offset epoch leases delayed cleanup documents_key collection_key collections_key cancelled tombstones parked',
    'id document_prefix line_prefix lane_prefix',
    isOne,
  ),
  'write-tombstone': defineScript('tombstones job_key', 'id document_id file_key delay_ms', isOne),
};
