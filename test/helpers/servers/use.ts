import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, type afterEach, beforeAll, type beforeEach } from 'vitest';

import { startEmbeddingsServer } from './embeddings-server.ts';
import { startRedis } from './redis.ts';
import { startSluice } from './sluice.ts';

/** Options of a start, or a function that makes them and may read an earlier fixture. */
type Given<T> = T | (() => T);
const given = <T extends object>(value: Given<T>): T => (typeof value === 'function' ? value() : value);

/**
 * Starts something before the tests of a file or a `describe`, and closes it after them, last started first. After a failed
 * start, earlier fixtures still close.
 * @param hooks by default once for all tests; with `beforeEach` and `afterEach` anew for each
 * @returns the started object, for use within tests and hooks only
 */
export function use<T extends { close(): unknown }>(
  start: () => Promise<T>,
  [before, after]: readonly [typeof beforeAll | typeof beforeEach, typeof afterAll | typeof afterEach] = [
    beforeAll,
    afterAll,
  ],
): T {
  let started: T | undefined;
  const target = (): T => {
    if (!started) throw new Error('A fixture is used before it has started: use it within a test or a hook.');
    return started;
  };
  before(async () => {
    started = await start();
  });
  after(async () => {
    await started?.close();
    started = undefined;
  });
  return new Proxy({} as T, {
    get(_, key) {
      const value: unknown = Reflect.get(target(), key);
      // A private field is of the object itself, not of its proxy.
      return typeof value === 'function' ? (value.bind(target()) as unknown) : value;
    },
    set: (_, key, value) => Reflect.set(target(), key, value),
  });
}

/** Makes a temporary folder, and removes it after the tests. @returns its path */
export function useFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-folder-'));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

type SluiceOptions = NonNullable<Parameters<typeof startSluice>[0]>;
/** Starts the whole program. */
export const useSluice = (options: Given<SluiceOptions> = {}) => use(() => startSluice(given(options)));
/** Starts an embedding server. @param delayMs wait of every response, in ms; a test may change it */
export const useEmbeddings = ({ dimensions = 64, delayMs = 0 } = {}) =>
  use(async () => Object.assign(await startEmbeddingsServer({ dimensions }), { delayMs }));
/** Starts a Redis. */
export const useRedis = () => use(startRedis);
