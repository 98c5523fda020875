import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, type afterEach, beforeAll, type beforeEach } from 'vitest';

import { startBackends } from './backends.ts';
import { startChroma } from './chroma.ts';
import { startEmbeddingsServer } from './embeddings-server.ts';
import { startRedis } from './redis.ts';
import { startTestRoles } from './roles.ts';
import { startSluice } from './sluice.ts';

/** What a start takes, or a function of it that may read what an earlier fixture has started. */
type Given<T> = T | (() => T);
const given = <T extends object>(value: Given<T>): T => (typeof value === 'function' ? value() : value);

/**
 * Starts something before the tests of a file or a `describe`, and closes it after them, last started first.
 * A failed start still closes what earlier fixtures have started: vitest then skips a teardown that `beforeAll` returns.
 * @param hooks by default once for all tests; with `beforeEach` and `afterEach` anew for each
 * @returns what `start` resolves to, to be used within tests and hooks only
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
export const useSluice = (options: Given<SluiceOptions> = {}) => use(() => startSluice(given(options)));
/** @param delayMs wait of every response; a test may change it */
export const useEmbeddings = ({ dimensions = 64, delayMs = 0 } = {}) =>
  use(async () => Object.assign(await startEmbeddingsServer({ dimensions }), { delayMs }));
export const useRedis = () => use(startRedis);
export const useChroma = () => use(startChroma);
export const useBackends = () => use(startBackends);

type Environment = Parameters<typeof startTestRoles>[1];
export const useRoles = (roles: Parameters<typeof startTestRoles>[0], env: Given<Environment>) =>
  use(() => startTestRoles(roles, given(env)));
