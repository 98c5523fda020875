import * as v from 'valibot';
import { expect, test } from 'vitest';

import { JobSchema } from '../../src/contract/job.ts';
import { toJob, toJobState } from '../../src/jobs/to-job.ts';

const hash = {
  id: 'a',
  type: 'document_upload',
  status: 'queued',
  progress: '0',
  message: 'Waiting for worker...',
  payload: JSON.stringify({ filename: 'a.pdf', collection: 'papers', file_key: 'default/a' }),
  tenant: 'default',
  token: '1-secret',
  version: '1',
  run: '1',
  created_at: '2024-01-05T10:30:00Z',
  updated_at: '2024-01-05T10:30:00Z',
};
const shown = (extra: Record<string, string> = {}) =>
  JSON.parse(JSON.stringify(toJob({ ...hash, ...extra }))) as object;

test('a queued job begins as documented and shows nothing internal', () => {
  const text = JSON.stringify(toJob(hash));
  expect(text).toMatch(
    /^{"id":"a","type":"document_upload","status":"queued","progress":0,"message":"Waiting for worker...",/,
  );
  expect(text).not.toMatch(/secret|tenant|token|file_key|null/);
});

test('keys come in the order of the schema, whatever the order of the hash', () => {
  const full = {
    ...hash,
    status: 'failed',
    result: JSON.stringify({ processing_time_ms: 1, collection: 'c', chunk_count: 2, document_id: 'd' }),
    error: 'e',
    error_code: 'c',
    retry_count: '3',
    max_retries: '3',
    started_at: 's',
    completed_at: 'c',
    attempt: '4',
    stalls: '1',
    stage: 'chunk',
    pages_done: '1',
    pages_total: '2',
    chunks_done: '3',
    chunks_total: '4',
  };
  const keys = Object.keys(shown(Object.fromEntries(Object.entries(full).toReversed())));
  expect(keys).toEqual(Object.keys(JobSchema.entries));
  expect(shown(full)).toMatchObject({
    result: { document_id: 'd', chunk_count: 2, collection: 'c', processing_time_ms: 1 },
    counts: { pages_done: 1, pages_total: 2, chunks_done: 3, chunks_total: 4 },
  });
});

test('retries are told once there were any, or the job has failed', () => {
  expect(shown({ max_retries: '3' })).not.toHaveProperty('max_retries');
  expect(shown({ status: 'retrying', retry_count: '1', max_retries: '3' })).toMatchObject({
    retry_count: 1,
    max_retries: 3,
  });
  expect(shown({ status: 'failed', max_retries: '3' })).toMatchObject({ retry_count: 0, max_retries: 3 });
});

test.each([{}, { error: 'x', error_code: 'x' }])(
  'the status `cancelled` of older versions is a failure with that code, whatever else is stored: %j',
  (extra) => {
    const stored = { ...hash, ...extra, status: 'cancelled', message: 'Cancelled', max_retries: '3' };
    expect(shown(stored)).toMatchObject({
      status: 'failed',
      message: 'Cancelled',
      error: 'The job was cancelled.',
      error_code: 'cancelled',
      retry_count: 0,
      max_retries: 3,
    });
    expect(toJobState(stored, 'history')).toMatchObject({
      status: 'failed',
      outcome: 'cancelled',
      terminal: true,
    });
  },
);

test.each([
  ['failed', 'cancelled', 'cancelled'],
  ['failed', 'corrupt', 'failed'],
  ['completed', 'cancelled', 'completed'],
  ['retrying', 'cancelled', undefined],
])('a job that is %s with the code %s has the outcome %s', (status, error_code, outcome) => {
  const state = toJobState({ ...hash, status, error_code }, 'history');
  expect(state).toMatchObject({ status, outcome, terminal: outcome !== undefined });
});

test.each([
  [{}],
  [{ status: 'nonsense', progress: 'NaN', version: '-1', payload: '{', result: '[1]' }],
  [{ progress: '1e9', payload: 'null', result: '{"document_id":5}', stage: 'nowhere' }],
])('a hash that another program wrote is shown as far as it makes sense: %j', (foreign) => {
  const job = JSON.parse(JSON.stringify(toJob(foreign))) as unknown;
  expect(v.is(JobSchema, job)).toBe(true);
});
