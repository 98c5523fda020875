/** Address in the samples. The page of the docs shows its own in this place. */
export const SAMPLE_SERVER = 'http://localhost:8080';

interface Sample {
  /** Method and path, or `-F`, `-d` and other options before the path. */
  curl: string;
  /** Code behind the client's creation. Absent where the SDK has no call. */
  sdk?: string;
}

/**
 * Requests that work as they are, once `JOB_ID`, `DOCUMENT_ID` and the names of collection and batch stand for some of the
 * reader's own. A test runs each against a server.
 */
const SAMPLES: Record<string, Sample> = {
  uploadDocument: {
    curl: '-F collection=islands -F batch=summer -F file=@sea.md /api/documents/upload',
    sdk: `const upload = sluice.upload(new File(['The sea is wide.'], 'sea.md'), { collection: 'islands', batch: 'summer' });
const { job_id } = await upload.accepted;
const job = await sluice.watch(job_id).done;
console.log(job.status);`,
  },
  listDocuments: {
    curl: "'/api/documents?collection=islands&limit=10'",
    sdk: `const { documents } = await sluice.documents({ collection: 'islands', limit: 10 });
console.log(documents.length);`,
  },
  getDocument: {
    curl: '/api/documents/DOCUMENT_ID',
    sdk: `console.log((await sluice.document('DOCUMENT_ID')).filename);`,
  },
  listChunks: {
    curl: '/api/documents/DOCUMENT_ID/chunks',
    sdk: `console.log((await sluice.chunks('DOCUMENT_ID')).chunks.length);`,
  },
  getContent: { curl: '-o original /api/documents/DOCUMENT_ID/content' },
  editDocument: {
    curl: `-X PATCH -H 'content-type: application/merge-patch+json' -d '{"metadata":{"author":"Ada"}}' /api/documents/DOCUMENT_ID`,
  },
  deleteDocument: {
    curl: '-X DELETE /api/documents/DOCUMENT_ID',
    sdk: `await sluice.deleteDocument('DOCUMENT_ID');`,
  },
  deleteDocuments: {
    curl: `-H 'content-type: application/json' -d '{"collection":"islands","filename":"sea.md"}' /api/documents/delete`,
  },
  reindexDocument: { curl: '-X POST /api/documents/DOCUMENT_ID/reindex' },
  search: {
    curl: `-H 'content-type: application/json' -d '{"collection":"islands","query":"wide sea","limit":3}' /api/search`,
    sdk: `const { results } = await sluice.search({ collection: 'islands', query: 'wide sea', limit: 3 });
console.log(results.map(({ text }) => text));`,
  },
  createEmbeddings: {
    curl: `-H 'content-type: application/json' -d '{"model":"universal-sentence-encoder-lite","input":"wide sea"}' /v1/embeddings`,
  },
  listModels: { curl: '/v1/models' },
  listCollections: { curl: '/api/collections' },
  getCollection: { curl: '/api/collections/islands' },
  reembedCollection: { curl: '-X POST /api/collections/islands/reembed' },
  deleteCollection: { curl: '-X DELETE /api/collections/islands' },
  listJobs: {
    curl: "'/api/jobs?status=completed&limit=10'",
    sdk: `console.log((await sluice.jobs({ status: ['completed'], limit: 10 })).jobs.length);`,
  },
  getJob: {
    curl: '/api/jobs/JOB_ID',
    sdk: `console.log((await sluice.job('JOB_ID')).status);`,
  },
  getJobStatus: { curl: '/api/jobs/JOB_ID/status' },
  getJobStatusShort: { curl: '/jobs/JOB_ID/status' },
  followJob: {
    curl: '-N /api/jobs/JOB_ID/events',
    sdk: `for await (const job of sluice.watch('JOB_ID')) console.log(job.status, job.progress);`,
  },
  getJobTimeline: { curl: '/api/jobs/JOB_ID/timeline' },
  followJobs: { curl: "-N '/api/events?jobs=JOB_ID'" },
  cancelJob: {
    curl: '-X POST /api/jobs/JOB_ID/cancel',
    sdk: `console.log((await sluice.cancel('JOB_ID')).status);`,
  },
  retryJob: {
    curl: '-X POST /api/jobs/JOB_ID/retry',
    sdk: `console.log((await sluice.retry('JOB_ID')).status);`,
  },
  cancelJobs: {
    curl: `-H 'content-type: application/json' -d '{"collection":"islands","status":["queued"]}' /api/jobs/cancel`,
  },
  retryJobs: {
    curl: `-H 'content-type: application/json' -d '{"status":["failed"],"error_code":["deadline"]}' /api/jobs/retry`,
  },
  getBatch: {
    curl: '/api/batches/summer',
    sdk: `console.log((await sluice.batch('summer')).counts);`,
  },
  cancelBatch: {
    curl: '-X POST /api/batches/summer/cancel',
    sdk: `console.log((await sluice.cancelBatch('summer')).changed);`,
  },
  retryBatch: {
    curl: '-X POST /api/batches/summer/retry',
    sdk: `console.log((await sluice.retryBatch('summer')).changed);`,
  },
  makeTicket: { curl: '-X POST /api/ws-ticket' },
  getStats: { curl: '/api/stats' },
  getMetrics: { curl: '/metrics' },
  getSettings: { curl: '/api/settings' },
  health: { curl: '/healthz' },
  readiness: { curl: '/readyz' },
};

/** Returns the samples of an operation in the form that viewers of OpenAPI know (`x-codeSamples`); none without samples. */
export function samplesOf(operationId: string): { 'x-codeSamples'?: object[] } {
  const sample = SAMPLES[operationId];
  if (!sample) return {};
  const { curl, sdk } = sample;
  // The path is the last word, perhaps in quotes.
  const command = `curl ${curl.replace(/('?)(\/[^ ]*)$/, `$1${SAMPLE_SERVER}$2`)}`;
  const module = `import { Sluice } from '${SAMPLE_SERVER}/sluice.js';

const sluice = new Sluice({ url: '${SAMPLE_SERVER}' });
${sdk}
sluice.close();`;
  return {
    'x-codeSamples': [
      { lang: 'Shell', label: 'curl', source: command },
      ...(sdk === undefined ? [] : [{ lang: 'JavaScript', label: 'SDK', source: module }]),
    ],
  };
}
