import * as fc from 'fast-check';
import * as v from 'valibot';
import { expect, test } from 'vitest';

import { JobSchema, type Job } from '../../../src/contract/job.ts';
import { splitPercent } from '../../../src/jobs/model/job-progress.ts';
import { toJobView, JobState } from '../../../src/jobs/model/job-view.ts';

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
  JSON.parse(JSON.stringify(toJobView({ ...hash, ...extra }))) as object;

test('a queued job begins as documented and shows nothing internal', () => {
  const text = JSON.stringify(toJobView(hash));
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
    pages_unread: '1',
    hidden_left_out: '2',
    ocr_done: '1',
    ocr_total: '2',
    chunks_done: '3',
    chunks_total: '4',
    batch: 'b',
    waiting_for: 'worker 3',
    time_left_ms: '1200',
  };
  const reversed = Object.fromEntries(Object.entries(full).toReversed());
  // A job that ended waits for nothing, and a queued one has no other status' values.
  const keys = [...Object.keys(shown(reversed)), ...Object.keys(shown({ ...reversed, status: 'queued' }))];
  const inOrder = Object.keys(JobSchema.entries);
  expect(new Set(keys)).toEqual(new Set(inOrder));
  expect(Object.keys(shown(reversed))).toEqual(
    inOrder.filter((key) => key !== 'waiting_for' && key !== 'time_left_ms'),
  );
  expect(Object.keys(shown({ ...reversed, status: 'queued' })).slice(-2)).toEqual([
    'waiting_for',
    'time_left_ms',
  ]);
  expect(shown(full)).toMatchObject({
    result: { document_id: 'd', chunk_count: 2, collection: 'c', processing_time_ms: 1 },
    counts: {
      pages_done: 1,
      pages_total: 2,
      pages_unread: 1,
      hidden_left_out: 2,
      ocr_done: 1,
      ocr_total: 2,
      chunks_done: 3,
      chunks_total: 4,
    },
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
    expect(new JobState(stored, 'epoch')).toMatchObject({
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
  const state = new JobState({ ...hash, status, error_code }, 'epoch');
  expect(state).toMatchObject({ status, outcome, terminal: outcome !== undefined });
});

test.each([
  [{ progress: '30' }, { progress: 30, fraction: 0.3 }],
  [
    { progress: '73', fraction: '0.7394' },
    { progress: 73, fraction: 0.7394 },
  ],
  [
    { progress: '29', fraction: '0.29' },
    { progress: 29, fraction: 0.29 },
  ],
  // Older versions stored decimals.
  [{ progress: '73.94' }, { progress: 73, fraction: 0.7394 }],
  [{ progress: '99.9999' }, { progress: 99, fraction: 0.9999 }],
  // Other programs write the documented field alone.
  [
    { progress: '60', fraction: '0.2231' },
    { progress: 60, fraction: 0.6 },
  ],
  [
    { progress: '100', fraction: '0.9999' },
    { progress: 100, fraction: 1 },
  ],
  [
    { progress: '-3', fraction: '-0.03' },
    { progress: 0, fraction: 0 },
  ],
  [
    { progress: '110', fraction: '1.1' },
    { progress: 100, fraction: 1 },
  ],
  [
    { progress: '50', fraction: 'half' },
    { progress: 50, fraction: 0.5 },
  ],
])('a hash with %j shows %j', (stored, expected) => {
  expect(shown(stored)).toMatchObject(expected);
});

test('every percentage becomes a whole number and a fraction that fits it, and neither goes back', () => {
  const percent = fc.oneof(
    fc.double({ min: 0, max: 100, noNaN: true }),
    fc.integer({ min: 0, max: 10_000 }).map((hundredths) => hundredths / 100),
    fc.integer({ min: 0, max: 100 }),
  );
  fc.assert(
    fc.property(percent, percent, (one, other) => {
      const [less, more] = one < other ? [one, other] : [other, one];
      const [from, to] = [splitPercent(less), splitPercent(more)];
      expect(from.progress).toBe(Math.floor(less));
      expect(Math.abs(from.fraction * 100 - less)).toBeLessThan(0.01);
      expect(from.progress).toBeLessThanOrEqual(to.progress);
      expect(from.fraction).toBeLessThanOrEqual(to.fraction);
      expect(from.fraction === 1).toBe(less === 100);
      // Stored as a worker stores it, or as older versions did: both give the same job.
      const asStored = { progress: `${from.progress}`, fraction: `${from.fraction}` };
      expect(shown(asStored)).toMatchObject(from);
      expect(shown({ progress: `${less}` })).toMatchObject(from);
    }),
  );
});

test('only the fraction of a job has decimals, whatever its hash holds', () => {
  const text = fc.oneof(fc.double().map(String), fc.integer().map(String), fc.string());
  const numbers = fc.record({
    progress: text,
    fraction: text,
    retry_count: text,
    max_retries: text,
    version: text,
    run: text,
    attempt: text,
    stalls: text,
    pages_done: text,
    pages_total: text,
    chunks_done: text,
    chunks_total: text,
  });
  fc.assert(
    fc.property(numbers, fc.constantFrom('failed', 'processing'), (stored, status) => {
      const { fraction, counts = {}, ...job } = shown({ ...stored, status }) as Job;
      for (const value of [...Object.values(job), ...Object.values(counts)])
        if (typeof value === 'number') expect(Number.isInteger(value)).toBe(true);
      expect(Math.floor(Math.round(fraction * 10_000) / 100)).toBe(job.progress);
    }),
  );
});

test.each([
  [{}],
  [{ status: 'nonsense', progress: 'NaN', version: '-1', payload: '{', result: '[1]' }],
  [{ progress: '1e9', payload: 'null', result: '{"document_id":5}', stage: 'nowhere' }],
])('a hash that another program wrote is shown as far as it makes sense: %j', (foreign) => {
  const job = JSON.parse(JSON.stringify(toJobView(foreign))) as unknown;
  expect(v.is(JobSchema, job)).toBe(true);
});
