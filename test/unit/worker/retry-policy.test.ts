import { expect, test } from 'vitest';

import { DependencyError, type FailureKind } from '../../../src/errors.ts';
import { BlobNotFoundError } from '../../../src/blobs/blob-paths.ts';
import { BlobChangedError } from '../../../src/blobs/verify-content.ts';
import { ModelNotTakenError } from '../../../src/jobs/transitions/registration-errors.ts';
import { backoff, decideRetry, PermanentJobError } from '../../../src/worker/run/retry-policy.ts';

const failed = (kind: FailureKind, retryAfterMs?: number) =>
  new DependencyError(kind, 'bad_answer', 'Processor timeout after 30s', { retryAfterMs });

test('what may pass is retried as often as documented, then fails with its own words', () => {
  expect(decideRetry(failed('transient'), 'chunk', 0, 3)).toMatchObject({
    action: 'retry',
    errorCode: 'bad_answer',
  });
  expect(decideRetry(failed('transient'), 'chunk', 2, 3)).toMatchObject({ action: 'retry' });
  expect(decideRetry(failed('transient'), 'chunk', 3, 3)).toEqual({
    action: 'fail',
    message: 'Chunking failed',
    error: 'Processor timeout after 30s',
    errorCode: 'bad_answer',
  });
});

test.each([
  ['permanent', failed('permanent')],
  ['crashed', failed('crashed')],
  ['interrupted', failed('interrupted')],
  ['a missing file', new BlobNotFoundError('x')],
  ['a changed file', new BlobChangedError('x')],
  ['a bad payload', new PermanentJobError('invalid_payload', 'x')],
])('%s is never retried', (_name, error) => {
  expect(decideRetry(error, 'parse', 0, 3)).toMatchObject({ action: 'fail', message: 'Parsing failed' });
});

test('an unforeseen error is retried, and never shown', () => {
  const decision = decideRetry(new TypeError('secret path /etc'), 'store', 0, 3);
  expect(decision).toMatchObject({ action: 'retry', errorCode: 'internal' });
  expect(JSON.stringify(decision)).not.toContain('secret');
});

test('a model that the registration refuses is tried once more, because the present one may fit', () => {
  const decide = (retries: number) => decideRetry(new ModelNotTakenError('x'), 'store', retries, 3);
  expect(decide(0)).toMatchObject({ action: 'retry', errorCode: 'embedding_mismatch' });
  expect(decide(3)).toMatchObject({ action: 'fail', errorCode: 'embedding_mismatch' });
});

test('Retry-After is honoured', () => {
  expect(decideRetry(failed('transient', 7000), 'embed', 0, 3)).toMatchObject({ delayMs: 7000 });
});

test('the backoff is fully jittered under a doubling, bounded ceiling', () => {
  for (let retries = 0; retries < 12; retries++) {
    const ceiling = Math.min(60_000, 1000 * 2 ** retries);
    const delays = Array.from({ length: 500 }, () => backoff(retries));
    expect(Math.max(...delays)).toBeLessThanOrEqual(ceiling);
    expect(Math.max(...delays)).toBeGreaterThan(ceiling * 0.8);
    expect(Math.min(...delays)).toBeLessThan(ceiling * 0.2);
  }
});
