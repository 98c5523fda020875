/**
 * Names every Redis key and channel. The first three are the documented contract. Scripts and operators outside this
 * repository rely on them.
 *
 * | key | type | holds |
 * |---|---|---|
 * | `job:{id}` | hash | the job, flat fields, `payload` and `result` as JSON |
 * | `queue:document_upload` | list | ids that wait: LPUSH in, consumed from the right |
 * | `queue:lanes` | zset | a lane of waiting jobs → the offset of its last turn; '' stands for the documented list |
 * | `queue:lane:{tenant}:{collection}` | list | ids of interactive jobs that wait, in the documented list, too |
 * | `jobs:active` | set | ids of every job not yet terminal |
 * | `job:{id}:events` | channel | the job after its transition, and further jobs that the same script has changed |
 * | `jobs:leases` | zset | id → end of its lease (ms) |
 * | `jobs:delayed` | zset | id → due time of its next attempt (ms) |
 * | `jobs:parked` | zset | ids that wait for an earlier job of the same document → since when (ms) |
 * | `line:{digest}:jobs` | zset | active jobs of the same copy or name → the offset of their entry |
 * | `line:{digest}:document` | string | the document of a copy: same bytes, name, collection, settings, metadata |
 * | `line:{digest}:documents` | zset | the documents of a name and collection → their registration (ms) |
 * | `batch:counts:{tenant}:{name}` | hash | counts of a batch: jobs by status, bytes, failures by code |
 * | `batch:jobs:{tenant}:{name}` | zset | the jobs of a batch, by the time at which they joined (ms) |
 * | `batch:states:{tenant}:{name}` | hash | a job → its share in the counts of its batch |
 * | `batch:checks` | zset | a batch (JSON: tenant, name) → when a worker compares it with its jobs (ms) |
 * | `jobs:limbo` | zset | queued ids without a hash → since when (ms) |
 * | `jobs:cleanup` | zset | a dead generation (JSON) → when a worker may delete its chunks (ms) |
 * | `jobs:tombstones` | zset | an original whose job or document ended (JSON) → when a sweep may delete it (ms) |
 * | `deletes:paused` | string | set while a backup runs: no sweep deletes an original |
 * | `jobs:offset` | string | counts all transitions; a lower count means that Redis lost writes |
 * | `jobs:changed` | zset | id → offset of its last event; the empty id → the offset beyond which the set has all |
 * | `jobs:epoch` | string | names the epoch that `version`s belong to |
 * | `jobs:sequence`, `jobs:history` | string | offset and epoch of an older version, until `migrate.lua` renames them |
 * | `jobs:swept` | string | time of the last search for ended leases (ms) |
 * | `jobs:recovered` | string | the epoch whose lost ends and deletions a worker has repeated |
 * | `jobs:server` | string | run id of the server that the epoch belongs to |
 * | `jobs:reconciled` | string | the epoch of the last search for orphans in Chroma |
 * | `jobs:reconciling` | string | set while a worker compares Chroma and Redis |
 * | `jobs:compared` | string | epoch and time (ms) of the last full count of chunks |
 * | `jobs:looked` | string | set until the next comparison is due |
 * | `jobs:orphans` | string | number of generations in Chroma whose document Redis does not know |
 * | `jobs:incomplete` | zset | a document that misses chunks → when a worker may index it again (ms) |
 * | `jobs:reindexing` | set | documents with a reindex job under way |
 * | `jobs:reembedding` | set | collections whose reembed job may have left something in Chroma (JSON: tenant, name) |
 * | `jobs:edited` | zset | a document whose metadata was edited → when a worker applies the edit (ms) |
 * | `jobs:counted` | hash | tenant → time of the last count of all its documents (ms) |
 * | `jobs:counting` | string | set while a worker counts documents |
 * | `jobs:recent` | zset | job ids by creation (ms) |
 * | `jobs:outcomes` | hash | number of ended runs, by outcome |
 * | `jobs:costs` | string | what a byte and a run take (ms), and decayed sums of what completed runs cost |
 * | `jobs:durations` | list | processing times of the last 1,000 completed runs (ms) |
 * | `jobs:canary:{node}` | channel | proves to a node that events reach it |
 * | `jobs:cancelled` | channel | ids of jobs that a client cancelled while a worker held them |
 * | `idempotency:{tenant}:{key}` | hash | the job of a client's `Idempotency-Key` |
 * | `jobs:grant:{nonce}` | list | jobs granted to a claim, so that its replay gets the same |
 * | `document:{id}` | hash | a registered document and its live generation |
 * | `documents:{tenant}` | zset | document ids by registration time (ms) |
 * | `documents:{tenant}:{collection}` | zset | the same, for one collection |
 * | `collections:{tenant}` | zset | names of the collections with documents, all with score 0 |
 * | `collections:{tenant}:{name}` | hash | counts of a collection: `documents`, `chunks`, `size` and those of each model; `reembed`, the latest run that embedded it again |
 * | `access:ticket:{digest}` | string | the pass of a ticket (JSON), for 30 s |
 * | `access:job:{digest}` | string | the pass of a job's token (JSON), for a day |
 * | `installation` | hash | `id` of the installation, `store` of the blob store that it uses |
 * | `installation:store` | string | the blob store that a process has proved in the last seconds |
 * | `installation:probe` | string | proves that Redis takes writes |
 * | `sluice:installations` | hash | without the prefix: installation → its prefix |
 */
export type Keys = ReturnType<typeof createKeys>;

/**
 * Tenant of all data while no keys are configured. A tenant MUST have no `:`, because it stands before other names in the keys
 * of lanes, batches and collections.
 */
export const DEFAULT_TENANT = 'default';

/** Key without a prefix, so that a start notices a wrong prefix. An account may lack access to it. */
export const INSTALLATIONS = 'sluice:installations';

/** Makes the names. @param prefix stands before each, except `INSTALLATIONS` */
export function createKeys(prefix = '') {
  const jobPrefix = `${prefix}job:`;
  const documentPrefix = `${prefix}document:`;
  return {
    prefix,
    /** Precedes an id in a job's key. Scripts that learn ids as they run need it. */
    jobPrefix,
    job: (id: string) => jobPrefix + id,
    queue: `${prefix}queue:document_upload`,
    lanes: `${prefix}queue:lanes`,
    /** Precedes the tenant and the collection in the key of a lane. */
    lanePrefix: `${prefix}queue:lane:`,
    active: `${prefix}jobs:active`,
    events: (id: string) => `${jobPrefix}${id}:events`,
    allEvents: `${jobPrefix}*:events`,
    leases: `${prefix}jobs:leases`,
    delayed: `${prefix}jobs:delayed`,
    parked: `${prefix}jobs:parked`,
    /** Precedes a digest in the keys of a line. */
    linePrefix: `${prefix}line:`,
    /** Precedes the names of all batches. Scripts that change a job need it. */
    batchPrefix: `${prefix}batch:`,
    /** List of all batches. */
    batches: `${prefix}batch:checks`,
    batchCounts: (tenant: string, name: string) => `${prefix}batch:counts:${tenant}:${name}`,
    batchJobs: (tenant: string, name: string) => `${prefix}batch:jobs:${tenant}:${name}`,
    batchStates: (tenant: string, name: string) => `${prefix}batch:states:${tenant}:${name}`,
    limbo: `${prefix}jobs:limbo`,
    cleanup: `${prefix}jobs:cleanup`,
    tombstones: `${prefix}jobs:tombstones`,
    deletesPaused: `${prefix}deletes:paused`,
    offset: `${prefix}jobs:offset`,
    /** The scripts build this name from `offset`. */
    changed: `${prefix}jobs:changed`,
    epoch: `${prefix}jobs:epoch`,
    /** Names in an older version's data. Only the migration reads them. */
    olderOffset: `${prefix}jobs:sequence`,
    olderEpoch: `${prefix}jobs:history`,
    swept: `${prefix}jobs:swept`,
    server: `${prefix}jobs:server`,
    recovered: `${prefix}jobs:recovered`,
    reconciled: `${prefix}jobs:reconciled`,
    reconciling: `${prefix}jobs:reconciling`,
    compared: `${prefix}jobs:compared`,
    looked: `${prefix}jobs:looked`,
    orphans: `${prefix}jobs:orphans`,
    incomplete: `${prefix}jobs:incomplete`,
    reindexing: `${prefix}jobs:reindexing`,
    reembedding: `${prefix}jobs:reembedding`,
    edited: `${prefix}jobs:edited`,
    counted: `${prefix}jobs:counted`,
    counting: `${prefix}jobs:counting`,
    recent: `${prefix}jobs:recent`,
    outcomes: `${prefix}jobs:outcomes`,
    costs: `${prefix}jobs:costs`,
    durations: `${prefix}jobs:durations`,
    cancelled: `${prefix}jobs:cancelled`,
    canary: (node: string) => `${prefix}jobs:canary:${node}`,
    idempotency: (tenant: string, key: string) => `${prefix}idempotency:${tenant}:${key}`,
    grant: (nonce: string) => `${prefix}jobs:grant:${nonce}`,
    ticket: (digest: string) => `${prefix}access:ticket:${digest}`,
    jobToken: (digest: string) => `${prefix}access:job:${digest}`,
    documentPrefix,
    document: (id: string) => documentPrefix + id,
    documents: (tenant: string) => `${prefix}documents:${tenant}`,
    installation: `${prefix}installation`,
    storeInUse: `${prefix}installation:store`,
    probe: `${prefix}installation:probe`,
    documentsIn: (tenant: string, collection: string) => `${prefix}documents:${tenant}:${collection}`,
    collections: (tenant: string) => `${prefix}collections:${tenant}`,
    /** The scripts build this name from `collections`. */
    counts: (tenant: string, collection: string) => `${prefix}collections:${tenant}:${collection}`,
  };
}
