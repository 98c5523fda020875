import { expect, test } from 'vitest';

import { Stream } from '../../../client/sdk/watch/stream.ts';

interface State {
  id: string;
  version: number;
  ended?: boolean;
}

function stream(present: State[] = []): Stream<State> {
  return new Stream<State>({ key: ({ id }) => id, isKept: ({ ended = false }) => ended }, () => present);
}

async function read(states: Stream<State>): Promise<string[]> {
  const all: string[] = [];
  for await (const { id, version } of states) all.push(`${id}${version}`);
  return all;
}

test('a slow reader gets of each job the latest state, and every end', async () => {
  const states = stream();
  const reader = states[Symbol.asyncIterator]();
  for (const version of [1, 2, 3]) states.push({ id: 'a', version });
  states.push({ id: 'b', version: 1 });
  states.push({ id: 'a', version: 4, ended: true });
  states.push({ id: 'a', version: 5 });
  states.push({ id: 'a', version: 6, ended: true });
  states.end();
  const all: string[] = [];
  for (let next = await reader.next(); !next.done; next = await reader.next())
    all.push(`${next.value.id}${next.value.version}`);
  expect(all).toEqual(['a4', 'a6', 'b1']);
});

test('a reader starts with what is present, also after the end', async () => {
  const states = stream([{ id: 'a', version: 3, ended: true }]);
  states.end();
  expect(await read(states)).toEqual(['a3']);
});

test('a reader that leaves gets no more, and an error comes after what waits', async () => {
  const states = stream();
  const leaving = states[Symbol.asyncIterator]();
  const staying = states[Symbol.asyncIterator]();
  await leaving.return?.();
  states.push({ id: 'a', version: 1 });
  states.end({ error: new Error('lost') });
  expect((await staying.next()).value).toMatchObject({ version: 1 });
  await expect(staying.next()).rejects.toThrow('lost');
});
