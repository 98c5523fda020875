import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { documentedClient } from '../../fixtures/documented-client.ts';
import { decodeGoJob } from '../../fixtures/go-job.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const RESULT = { document_id: 'abc123', chunk_count: 42, collection: 'papers', processing_time_ms: 28_340 };

/** Imitates a server whose job is in one of the given states at each request. */
function serve(...states: object[]) {
  const asked: string[] = [];
  const fetch = async (path: string, init?: RequestInit) => {
    asked.push(`${init?.method ?? 'GET'} ${path}`);
    return Response.json(init?.method === 'POST' ? { job_id: 'one' } : states.shift());
  };
  return { asked, fetch };
}

test('the documented client asks every two seconds and ends with the result', async () => {
  const { asked, fetch } = serve(
    { status: 'queued', progress: 0, message: 'Waiting for worker...' },
    { status: 'retrying', progress: 0, message: 'Retrying (1/3): parse' },
    { status: 'completed', progress: 100, message: 'Upload completed successfully', result: RESULT },
  );
  const updateProgress = vi.fn<(progress: number, message: string) => void>();
  const upload = documentedClient({ fetch, updateProgress }).uploadDocument(new File(['a'], 'a.txt'), {
    collection: 'papers',
  });
  await vi.advanceTimersByTimeAsync(1999);
  expect(asked).toEqual(['POST /api/documents/upload']);
  await vi.advanceTimersByTimeAsync(1);
  expect(asked).toEqual(['POST /api/documents/upload', 'GET /api/jobs/one']);
  await vi.advanceTimersByTimeAsync(4000);
  await expect(upload).resolves.toEqual(RESULT);
  expect(updateProgress.mock.calls).toEqual([
    [0, 'Waiting for worker...'],
    [0, 'Retrying (1/3): parse'],
    [100, 'Upload completed successfully'],
  ]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked).toHaveLength(4);
});

test('the documented client ends with the error of a failed job, and knows no other end', async () => {
  const { asked, fetch } = serve(
    { status: 'unknown', progress: 30, message: '' },
    { status: 'failed', progress: 30, message: 'Chunking failed', error: 'Python service timeout after 30s' },
  );
  const ended = documentedClient({ fetch, updateProgress: () => {} })
    .pollJobStatus('one')
    .catch((error: Error) => error.message);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await ended).toBe('Python service timeout after 30s');
  expect(asked).toHaveLength(2);
});

const WHOLE = '"id":"one","type":"document_upload","status":"processing","progress":30,"message":"Parsed"';

test('a Go client decodes the documented fields and ignores others', () => {
  const text = `{${WHOLE},"fraction":0.305,"counts":{"pages_done":1},"error":null,"started_at":"2026-01-05T10:30:05Z"}`;
  expect(decodeGoJob(text)).toEqual({
    id: 'one',
    type: 'document_upload',
    status: 'processing',
    progress: 30,
    message: 'Parsed',
    error: '',
    retry_count: 0,
    max_retries: 0,
    result: undefined,
    created_at: undefined,
    updated_at: undefined,
    started_at: new Date('2026-01-05T10:30:05Z'),
    completed_at: undefined,
  });
  expect(decodeGoJob(`{"result":${JSON.stringify(RESULT)}}`).result).toEqual(RESULT);
});

test.each([
  ['"progress":73.94', /number 73\.94 into .*Job\.progress of type int/],
  ['"progress":30.0', /number 30\.0 into .*Job\.progress/],
  ['"progress":3e1', /number 3e1 into .*Job\.progress/],
  ['"progress":"30"', /"30" into .*Job\.progress/],
  ['"result":{"chunk_count":1.5}', /Job\.result\.chunk_count/],
  ['"message":1', /number 1 into .*Job\.message of type string/],
  ['"created_at":"yesterday"', /Job\.created_at of type time\.Time/],
])('a Go client refuses %s', (field, error) => {
  expect(() => decodeGoJob(`{${field}}`)).toThrow(error);
});
