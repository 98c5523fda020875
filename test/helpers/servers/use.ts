import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';

import type { Role } from '../../../src/config.ts';
import { startBackends } from './backends.ts';
import { startEmbeddingsServer } from './embeddings-server.ts';
import { startRedis } from './redis.ts';
import { startTestRoles } from './roles.ts';
import { startSluice } from './sluice.ts';

/** Options of a start, or a function that makes them and may read an earlier fixture. */
type Given<T> = T | (() => T);
const given = <T extends object>(value: Given<T>): T => (typeof value === 'function' ? value() : value);

type Hooks = readonly [
  before: typeof beforeAll | typeof beforeEach,
  after: typeof afterAll | typeof afterEach,
];
/** Starts a fixture anew for each test. */
export const FOR_EACH: Hooks = [beforeEach, afterEach];

type Closable = { close(): unknown } | Disposable | AsyncDisposable;
function close(started: Closable): unknown {
  if ('close' in started) return started.close();
  return Symbol.dispose in started ? started[Symbol.dispose]() : started[Symbol.asyncDispose]();
}

/**
 * Starts something before the tests of a file or a `describe`, and closes it after them, last started first. After a failed
 * start, earlier fixtures still close.
 * @param hooks by default once for all tests
 * @returns the started object, for use within tests and hooks only
 */
export function use<T extends Closable>(
  start: () => T | Promise<T>,
  [before, after]: Hooks = [beforeAll, afterAll],
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
    if (started) await close(started);
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
/** Starts a Redis. @param hooks as for {@link use} */
export const useRedis = (hooks?: Hooks) => use(startRedis, hooks);
/** Starts what a worker needs beside Redis. @param hooks as for {@link use} */
export const useBackends = (hooks?: Hooks) => use(startBackends, hooks);
/** Starts roles in the test's own process. @param hooks as for {@link use} */
export const useRoles = (roles: Role[], env: Given<Record<string, string>>, hooks?: Hooks) =>
  use(() => startTestRoles(roles, given(env)), hooks);
