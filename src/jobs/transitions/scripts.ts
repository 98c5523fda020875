import type { JobStatus, Outcome } from '../../contract/job.ts';
import { defineScript } from './define-script.ts';

const isOne = (reply: number) => reply === 1;
const orUndefined = <T>(reply: T | null) => reply ?? undefined;
const asIs = <T>(reply: T) => reply;
const ignore = () => {};

/** Registers every Lua script of `lua/` under its file's name. The header of each script describes its transition. */
export const SCRIPTS = {
  abandon: defineScript({
    keys: 'job_key cleanup document_key',
    args: 'token tenant collection document_id',
    returns: isOne,
  }),
  activate: defineScript({ keys: 'active', args: 'job_prefix', rest: 'ids', returns: ignore }),
  cancel: defineScript({
    keys: 'job_key queue leases active delayed cleanup offset epoch outcomes cancelled tombstones',
    args: 'id ttl_seconds',
    returns: orUndefined<JobStatus | Outcome>,
  }),
  canary: defineScript({ keys: 'epoch offset', args: 'channel nonce', returns: asIs<number> }),
  claim: defineScript({
    keys: 'queue leases active delayed limbo offset epoch grant_key recent cleanup installation',
    // `max_retries` is for jobs that name none. `store` is the caller's blob store, or ''.
    args: 'job_prefix count nonce lease_ms max_retries longest_backoff_ms store',
    returns: ([granted, nextMs]: [string[], number]) => ({
      granted,
      nextMs: nextMs < 0 ? undefined : nextMs,
    }),
  }),
  'due-cleanups': defineScript({
    keys: 'cleanup',
    args: 'count document_prefix longest_ms',
    returns: asIs<string[]>,
  }),
  'due-reindexes': defineScript({
    keys: 'incomplete reindexing',
    // `limit` counts jobs under way.
    args: 'job_prefix document_prefix limit wait_ms longest_wait_ms',
    returns: asIs<string[]>,
  }),
  'due-tombstones': defineScript({
    keys: 'tombstones',
    args: 'count job_prefix document_prefix',
    returns: asIs<string[]>,
  }),
  enqueue: defineScript({
    keys: 'job_key queue active offset epoch recent idempotency_key installation',
    // `payload` is JSON. `fingerprint` is '' without an idempotency key. `store` is the caller's blob store, or ''.
    args: 'id tenant payload max_retries fingerprint idempotency_ttl_seconds filename collection forgotten store',
    needsMemory: true,
    returns: ([id, createdAt]: [string, string]) => (id === '' ? 'conflict' : { id, createdAt }),
  }),
  'expire-leases': defineScript({
    keys: 'leases queue active cleanup offset epoch outcomes swept tombstones',
    args: 'job_prefix max_stalls ttl_seconds lease_ms',
    returns: ([requeued, failed]: [number, number]) => ({ requeued, failed }),
  }),
  fail: defineScript({
    keys: 'job_key leases active cleanup offset epoch outcomes tombstones',
    args: 'id token message error_text error_code ttl_seconds',
    returns: isOne,
  }),
  'find-tombstones': defineScript({
    keys: 'tombstones',
    args: '',
    // Job id, document id and file key of each job.
    rest: 'originals',
    returns: (found: number[]) => found.map(isOne),
  }),
  'finish-cleanup': defineScript({ keys: 'cleanup', args: 'entry second_look_ms', returns: isOne }),
  'mark-dead': defineScript({
    keys: 'cleanup leases',
    // `generations` is JSON: [[collection, document id, generation], ...].
    args: 'job_prefix document_prefix default_tenant generations',
    returns: ([marked, places]: [number, number[]]) => ({ marked, places }),
  }),
  'note-file-gone': defineScript({
    keys: 'document_key incomplete',
    args: 'id generation wait_ms',
    returns: isOne,
  }),
  'note-missing': defineScript({
    keys: 'document_key incomplete',
    args: 'id generation missing',
    returns: isOne,
  }),
  // `fields` is field, value, ...
  'note-settings': defineScript({
    keys: 'document_key',
    args: 'generation',
    rest: 'fields',
    returns: isOne,
  }),
  'open-epoch': defineScript({
    keys: 'epoch offset server',
    // Epoch and offset that the caller knows; '' and 0 at first.
    args: 'seen_epoch seen_offset',
    returns: ([epoch, offset, server]: [string, number, string]) => ({ epoch, offset, server }),
  }),
  'put-off-cleanup': defineScript({ keys: 'list_key', args: 'entry delay_ms', returns: isOne }),
  reindex: defineScript({
    keys: 'document_key job_key queue active offset epoch recent incomplete reindexing',
    args: 'id document_id generation tenant payload max_retries filename collection job_prefix longest_wait_ms',
    needsMemory: true,
    returns: (reply: [string, string, JobStatus] | null) =>
      reply ? { id: reply[0], createdAt: reply[1], status: reply[2] } : undefined,
  }),
  release: defineScript({
    keys: 'job_key leases queue cleanup offset epoch',
    args: 'id token',
    returns: isOne,
  }),
  // `claims` is the id and token of each job.
  renew: defineScript({
    keys: 'leases',
    args: 'job_prefix lease_ms',
    rest: 'claims',
    returns: asIs<string[]>,
  }),
  repair: defineScript({
    keys: 'active queue leases delayed limbo recent offset epoch cleanup outcomes durations server swept tombstones incomplete reindexing orphans',
    args: 'job_prefix cursor batch ttl_seconds',
    returns: ([cursor, repaired]: [string, number]) => ({ cursor, repaired }),
  }),
  report: defineScript({
    keys: 'leases active cleanup offset epoch outcomes durations tombstones',
    args: 'job_prefix ttl_seconds',
    rest: 'reports',
    returns: asIs<(number | Error)[]>,
  }),
  rerun: defineScript({
    keys: 'job_key queue active offset epoch tombstones',
    args: 'id ended_run',
    needsMemory: true,
    returns: orUndefined<JobStatus>,
  }),
  'restore-cancelled': defineScript({
    keys: 'job_key offset epoch recent outcomes tombstones',
    args: 'id tenant payload ttl_seconds',
    returns: isOne,
  }),
  retry: defineScript({
    keys: 'job_key leases delayed cleanup offset epoch',
    args: 'id token delay_ms error_text error_code',
    returns: isOne,
  }),
  'retry-now': defineScript({
    keys: 'job_key queue delayed offset epoch',
    args: 'id version',
    returns: isOne,
  }),
  withdraw: defineScript({
    keys: 'job_key queue active recent idempotency_key offset epoch leases delayed cleanup document_key documents_key collection_key cancelled tombstones',
    args: 'id',
    returns: isOne,
  }),
  'write-tombstone': defineScript({
    keys: 'tombstones job_key',
    args: 'id document_id file_key delay_ms',
    returns: isOne,
  }),
};
