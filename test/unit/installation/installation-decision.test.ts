import { describe, expect, test } from 'vitest';

import type { RedisRecord } from '../../../src/installation/redis-identity.ts';
import { decide, type Found, type Part } from '../../../src/installation/decide.ts';

const places = { blobs: '/blobs', redis: 'redis://r:1', prefix: 'p:', chroma: 'http://c:2' };
const folder = { id: 'A', store: 's1' };
const redis: RedisRecord = { id: 'A', store: 's1', inUse: undefined, prefixes: new Map([['A', 'p:']]) };
const none: RedisRecord = {
  id: undefined,
  store: undefined,
  inUse: undefined,
  prefixes: new Map<string, string>(),
};
const whole: Found = { folder, redis, chroma: { id: 'A' } };

const decided = (change: Partial<Found>, part: Part = 'api', proved = false) =>
  decide({ ...whole, ...change }, part, proved ? folder : undefined, places);

test('the same id everywhere is confirmed; a Chroma that is away is proved later', () => {
  for (const part of ['api', 'worker'] as const)
    expect(decided({}, part)).toMatchObject({ state: 'confirmed', id: 'A', store: 's1' });
  expect(decided({ chroma: 'away' })).toMatchObject({ state: 'confirmed' });
});

test('where there is no id the folder gets one first, then Redis, then Chroma', () => {
  expect(decided({ folder: undefined, redis: none, chroma: { id: undefined } })).toEqual({
    adopt: 'folder',
    id: undefined,
    instead: undefined,
  });
  expect(decided({ redis: none, chroma: { id: undefined } })).toEqual({
    adopt: 'redis',
    id: 'A',
    store: 's1',
  });
  expect(decided({ chroma: { id: undefined } })).toEqual({ adopt: 'chroma', id: 'A', store: 's1' });
});

describe('a store without an id adopts that of the others', () => {
  test('an empty folder takes the place of one that is not in use', () => {
    expect(decided({ folder: undefined })).toEqual({ adopt: 'folder', id: 'A', instead: 's1' });
    expect(decided({ folder: undefined, redis: none })).toEqual({
      adopt: 'folder',
      id: 'A',
      instead: undefined,
    });
  });
  test('but not while others use another, nor once this process has used it', () => {
    const inUse = { ...redis, inUse: 's1' };
    expect(decided({ folder: undefined, redis: inUse })).toMatchObject({ state: 'refused', check: 'blobs' });
    expect(decided({ folder: undefined }, 'api', true)).toMatchObject({ state: 'refused', check: 'blobs' });
  });
  test('a Redis that knows the id gets a missing prefix', () => {
    expect(decided({ redis: { ...redis, prefixes: new Map() } })).toMatchObject({ adopt: 'redis' });
    // An unreachable key differs from a missing one: the process would write it for ever.
    expect(decided({ redis: { ...redis, prefixes: undefined } })).toMatchObject({ state: 'confirmed' });
  });
});

test('a worker makes no blob store, and waits for the api if Redis has no id', () => {
  expect(decided({ folder: undefined }, 'worker')).toMatchObject({ state: 'refused', check: 'blobs' });
  expect(decided({ redis: none }, 'worker')).toMatchObject({ state: 'unknown' });
  expect(decided({ chroma: { id: undefined } }, 'worker')).toMatchObject({ adopt: 'chroma' });
});

test('two ids are refused, and the message names every side and the command', () => {
  const different: Partial<Found>[] = [
    { folder: { id: 'B', store: 's2' } },
    { redis: { ...redis, id: 'B' } },
    { chroma: { id: 'B' } },
    { folder: undefined, chroma: { id: 'B' } },
  ];
  for (const change of different)
    for (const part of ['api', 'worker'] as const) {
      const standing = decided(change, part);
      expect(standing).toMatchObject({ state: 'refused', check: 'installation' });
      for (const said of ['/blobs', 'redis://r:1', '"p:"', 'http://c:2', 'A', 'B', 'npm run adopt'])
        expect((standing as { message: string }).message).toContain(said);
    }
});

test('another prefix of the same installation is refused', () => {
  const standing = decided({ redis: { ...none, prefixes: new Map([['A', 'live:']]) } });
  expect(standing).toMatchObject({ state: 'refused', check: 'installation' });
  expect((standing as { message: string }).message).toMatch(/"live:".*"p:".*npm run adopt/s);
});

test('another blob store of the same installation is refused', () => {
  const other = { folder: { id: 'A', store: 's2' } };
  expect(decided(other)).toMatchObject({ state: 'refused', check: 'installation' });
  expect(decided(other, 'worker')).toMatchObject({ state: 'refused', check: 'blobs' });
});

test('a folder that cannot be read is refused', () => {
  expect(decided({ folder: new Error('EIO') })).toMatchObject({ state: 'refused', check: 'blobs' });
});

describe('a gateway', () => {
  const seen = (change: Partial<RedisRecord>, before?: string) =>
    decide(
      { ...whole, redis: { ...redis, ...change } },
      'gateway',
      before === undefined ? undefined : { id: before, store: undefined },
      places,
    );
  test('takes a Redis that no api has used yet, and not one of other prefixes', () => {
    expect(seen({ id: undefined, prefixes: new Map() })).toMatchObject({ state: 'confirmed' });
    expect(seen({ id: undefined, prefixes: new Map([['A', 'live:']]) })).toMatchObject({ state: 'unknown' });
    expect(seen({ prefixes: new Map([['A', 'live:']]) })).toMatchObject({ state: 'refused' });
  });
  test('refuses a Redis that becomes another, and stays confirmed with an emptied one', () => {
    expect(seen({}, 'B')).toMatchObject({ state: 'refused', check: 'installation' });
    expect(seen({ id: undefined, prefixes: new Map() }, 'A')).toMatchObject({ state: 'confirmed', id: 'A' });
  });
});
