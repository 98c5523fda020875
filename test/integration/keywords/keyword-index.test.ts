import { beforeEach, describe, expect, test } from 'vitest';

import { startKeywords } from '../../../src/keywords/server.ts';
import { Guard } from '../../../src/access/guard.ts';
import { KeywordIndex } from '../../../src/keywords-client/keyword-index.ts';
import type { KeywordChunk } from '../../../src/contract/services/keywords.ts';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { quietLogger } from '../../helpers/servers/roles.ts';
import { FOR_EACH, use } from '../../helpers/servers/use.ts';

const SECRET = 'the-secret-of-the-test';
const { signal } = new AbortController();

/** Starts an index on a folder of its own, which can be closed and opened again. */
async function startIndex() {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-keywords-'));
  const logger = quietLogger();
  const open = () =>
    startKeywords({
      host: '127.0.0.1',
      port: 0,
      folder: join(folder, 'keywords'),
      guard: new Guard(['127.0.0.1'], [], logger),
      secret: SECRET,
      logger,
    });
  let running = await open();
  const clients: KeywordIndex[] = [];
  return {
    folder: join(folder, 'keywords'),
    logger,
    get url() {
      return `http://127.0.0.1:${running.port}`;
    },
    client(installation = 'one', secret: string | undefined = SECRET) {
      const client = new KeywordIndex(this.url, { secret, installation: () => installation });
      clients.push(client);
      return client;
    },
    /** Stops it, works on its files, and starts it again. */
    async restart(between: () => unknown = () => {}) {
      await running.close();
      await between();
      running = await open();
    },
    async close() {
      await Promise.all(clients.map((client) => client.close()));
      await running.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const index = use(startIndex, FOR_EACH);
let client: KeywordIndex;
beforeEach(() => {
  client = index.client();
});

const chunk = (at: number, text: string, more: Partial<KeywordChunk> = {}): KeywordChunk => ({
  index: at,
  title: 'notes.txt',
  text,
  ...more,
});
const store = (document_id: string, chunks: KeywordChunk[], generation = 'g1', collection = 'docs') =>
  client.upsert({ collection, document_id, generation, chunks }, signal);
const find = async (query: string, more: object = {}) => {
  const { hits } = await client.query({ collection: 'docs', query, limit: 10, ...more }, signal);
  return hits.map(({ document_id, generation, index: at }) => `${document_id}:${generation}:${at}`);
};
const count = (id: string, generation = 'g1') => client.countStored('docs', [{ id, generation }], signal);

describe('chunks', () => {
  test('are found by a word of the text, the title, the heading and the context', async () => {
    await store('a', [
      chunk(0, 'walrus', { title: 'tusks.pdf', heading: 'Habitat', context: 'species | weight' }),
    ]);
    for (const word of ['walrus', 'tusks', 'habitat', 'species']) {
      expect([word, await find(word)]).toEqual([word, ['a:g1:0']]);
    }
    expect(await find('penguin')).toEqual([]);
  });

  test('are replaced by a later write of the same index', async () => {
    await store('a', [chunk(0, 'walrus'), chunk(1, 'penguin')]);
    await store('a', [chunk(1, 'albatross'), chunk(2, 'seal')]);
    expect(await count('a')).toEqual([3]);
    expect(await find('penguin')).toEqual([]);
    expect(await find('albatross')).toEqual(['a:g1:1']);
    expect(await find('walrus')).toEqual(['a:g1:0']);
  });

  test('are counted for each generation, in order', async () => {
    await store('a', [chunk(0, 'walrus'), chunk(1, 'walrus')]);
    await store('a', [chunk(0, 'walrus')], 'g2');
    const asked = [
      { id: 'a', generation: 'g2' },
      { id: 'nothing', generation: 'g1' },
      { id: 'a', generation: 'g1' },
    ];
    expect(await client.countStored('docs', asked, signal)).toEqual([1, 0, 2]);
    expect(await client.countStored('no-collection', asked, signal)).toEqual([0, 0, 0]);
  });

  test('of one upsert go in several calls, if they are many', async () => {
    const chunks = Array.from({ length: 1200 }, (_, at) => chunk(at, `walrus ${'x'.repeat(8000)}`));
    await store('a', chunks);
    expect(await count('a')).toEqual([1200]);
  });
});
