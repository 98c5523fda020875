import { expect, test } from 'vitest';

import { IdempotencyKeys } from '../../../client/sdk/upload/idempotency-keys.ts';

function storage(initial?: string) {
  const texts = new Map(initial === undefined ? [] : [['sluice.idempotency-keys', initial]]);
  return {
    texts,
    getItem: (name: string) => texts.get(name) ?? null,
    setItem: (name: string, value: string) => void texts.set(name, value),
  };
}

test('the same upload after a reload takes the same key, until its end is known', () => {
  const kept = storage();
  const key = new IdempotencyKeys(kept).take('upload');
  const reloaded = new IdempotencyKeys(kept);
  expect(reloaded.take('upload')).toBe(key);
  reloaded.forget(key);
  expect(new IdempotencyKeys(kept).take('upload')).not.toBe(key);
});

test('an upload that was given up leaves its key to the next one', () => {
  const keys = new IdempotencyKeys(storage());
  const key = keys.take('upload');
  keys.release(key);
  expect(keys.take('upload')).toBe(key);
});

test('two uploads of equal files under way are two uploads', () => {
  const keys = new IdempotencyKeys(storage());
  expect(keys.take('upload')).not.toBe(keys.take('upload'));
  expect(keys.take(undefined)).not.toBe(keys.take(undefined));
});

test('a key is no longer used once the server has forgotten it', () => {
  const at = Date.now() - 24 * 60 * 60 * 1000;
  const kept = storage(JSON.stringify([{ upload: 'upload', key: 'old', at }]));
  expect(new IdempotencyKeys(kept).take('upload')).not.toBe('old');
});

test.each(['no JSON', '{}', '[1, null, {"key":2}]'])('a storage that holds %s is no fault', (text) => {
  const kept = storage(text);
  const keys = new IdempotencyKeys(kept);
  const key = keys.take('upload');
  expect(key).toMatch(/^[0-9a-f]{32}$/);
  keys.release(key);
  expect(keys.take('upload')).toBe(key);
});

test('without a storage, or with a full one, keys last as long as the page', () => {
  const full = {
    getItem: () => null,
    setItem: () => {
      throw new Error('quota');
    },
  };
  for (const keys of [new IdempotencyKeys(undefined), new IdempotencyKeys(full)]) {
    const key = keys.take('upload');
    keys.release(key);
    expect(keys.take('upload')).toBe(key);
  }
});

test('the storage keeps a bounded number of keys', () => {
  const kept = storage();
  const keys = new IdempotencyKeys(kept);
  for (let i = 0; i < 500; i++) keys.take(`upload ${i}`);
  expect(JSON.parse([...kept.texts.values()][0]!)).toHaveLength(200);
});
