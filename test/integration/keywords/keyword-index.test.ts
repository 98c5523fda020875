import { beforeEach, describe, expect, test, vi } from 'vitest';

import type { KeywordChunk } from '../../../src/contract/services/keywords.ts';
import type { Generation } from '../../../src/jobs/model/generation.ts';
import type { KeywordIndex } from '../../../src/keywords-client/keyword-index.ts';
import { keywordChunk as chunk, startTestKeywords } from '../../helpers/servers/keywords.ts';
import { FOR_EACH, use } from '../../helpers/servers/use.ts';

const { signal } = new AbortController();
const index = use(startTestKeywords, FOR_EACH);
let client: KeywordIndex;
beforeEach(() => {
  client = index.client();
});

const store = (document_id: string, chunks: KeywordChunk[], generation = 'g1', collection = 'docs') =>
  client.upsert({ collection, writes: [{ document_id, generation, chunks }] }, signal);
const query = (text: string, more: object = {}) =>
  client.query({ collection: 'docs', query: text, limit: 10, ...more }, signal);
const find = async (text: string, more: object = {}) =>
  (await query(text, more)).hits.map((hit) => `${hit.document_id}:${hit.generation}:${hit.index}`);
const count = async (id: string, generation = 'g1') =>
  (await client.countStored('docs', [{ id, generation }], signal))[0];
const remove = (documentId: string, generation = 'g1', collection = 'docs') =>
  client.deleteGeneration({ collection, documentId, generation }, signal);
const generations = async () => {
  const all: Generation[] = [];
  for await (const page of client.generations(signal)) all.push(...page);
  return all;
};

const LETTERS = 'abdfgklm';

describe('chunks', () => {
  test('are found by a word of the text, the title, the heading and the context', async () => {
    const labels = { title: 'tusks.pdf', heading: 'Habitat', context: 'species | weight' };
    await store('a', [chunk(0, 'The walrus sleeps.', labels)]);
    for (const word of ['walrus', 'tusks', 'habitat', 'species'])
      expect([word, await find(word)]).toEqual([word, ['a:g1:0']]);
    expect(await find('penguin')).toEqual([]);
  });

  test('are found by a code with any punctuation, whole and in parts', async () => {
    await store('a', [chunk(0, 'The pump reports ERR-4032b and c++ and x_y.z@host#1.')]);
    await store('b', [chunk(0, 'Nothing was reported by the pump.')]);
    for (const code of ['ERR-4032b', '4032b', 'x_y.z@host#1']) {
      expect([code, await find(code)]).toEqual([code, ['a:g1:0']]);
    }
  });

  test('are found by names that differ in punctuation alone', async () => {
    await store('cpp', [chunk(0, 'The engine is written in C++.')]);
    await store('cs', [chunk(0, 'The engine is written in C#.')]);
    expect(await find('C++')).toEqual(['cpp:g1:0']);
    expect(await find('C#')).toEqual(['cs:g1:0']);
  });

  test('are replaced by a later write of the same index', async () => {
    await store('a', [chunk(0, 'walrus'), chunk(1, 'penguin')]);
    await store('a', [chunk(1, 'albatross'), chunk(2, 'seal')]);
    expect(await count('a')).toBe(3);
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

  test('of several documents go in one call, and one dead generation refuses all of them', async () => {
    await remove('b');
    const write = (document_id: string) => ({ document_id, generation: 'g1', chunks: [chunk(0, 'walrus')] });
    const upsert = (...ids: string[]) =>
      client.upsert({ collection: 'docs', writes: ids.map(write) }, signal);
    await expect(upsert('a', 'b', 'c')).rejects.toMatchObject({ code: 'dead_generation' });
    expect(await Promise.all(['a', 'b', 'c'].map((id) => count(id)))).toEqual([0, 0, 0]);
    await upsert('a', 'c');
    expect(await Promise.all(['a', 'b', 'c'].map((id) => count(id)))).toEqual([1, 0, 1]);
    expect(await find('walrus')).toEqual(expect.arrayContaining(['a:g1:0', 'c:g1:0']));
  });

  test('of one upsert go in several calls, if they are many', async () => {
    const text = 'walrus penguin albatross '.repeat(330);
    await store(
      'a',
      Array.from({ length: 1100 }, (_, at) => chunk(at, text)),
    );
    expect(await count('a')).toBe(1100);
  });

  test('of many generations are listed in pages, with their collections', async () => {
    for (let at = 0; at < 1001; at++) await store(`a${at}`, [chunk(0, 'walrus')]);
    await store('b', [chunk(0, 'walrus')], 'g9', 'other');
    const listed = await generations();
    expect(listed).toHaveLength(1002);
    expect(listed).toContainEqual({ collection: 'docs', documentId: 'a1000', generation: 'g1' });
    expect(listed).toContainEqual({ collection: 'other', documentId: 'b', generation: 'g9' });
    const { collections } = await client.collections(signal);
    expect(collections.map(({ name, chunk_count }) => [name, chunk_count])).toEqual([
      ['docs', 1001],
      ['other', 1],
    ]);
  });
});

describe('a query', () => {
  test('finds the chunk first that holds rarer and more of its words', async () => {
    const filler = Array.from({ length: 20 }, (_, at) => chunk(at, 'The harbour lies north of the town.'));
    await store('common', filler);
    await store('one', [chunk(0, 'The harbour has a lighthouse north of the town.')]);
    await store('both', [chunk(0, 'The lighthouse of the harbour guards the walrus.')]);
    const { hits, tokens } = await query('walrus lighthouse harbour', { limit: 3 });
    expect(hits.map(({ document_id }) => document_id)).toEqual(['both', 'one', 'common']);
    const scores = hits.map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    for (const score of scores) expect(score).toBeGreaterThan(0);
    expect(tokens.length).toBeGreaterThanOrEqual(3);
  });

  test('leaves out words that most chunks of a large collection hold, if others remain', async () => {
    const many = Array.from({ length: 10_000 }, (_, at) => chunk(at, 'The harbour.'));
    await store('many', many);
    await store('one', [chunk(0, 'The walrus.')]);
    expect(await find('walrus harbour')).toEqual(['one:g1:0']);
    expect(await find('harbour')).toHaveLength(10);
  });

  test('returns up to 10,000 hits in one call', async () => {
    await store(
      'a',
      Array.from({ length: 2500 }, (_, at) => chunk(at, 'walrus')),
    );
    expect(new Set(await find('walrus', { limit: 10_000 })).size).toBe(2500);
    await expect(query('walrus', { limit: 10_001 })).rejects.toMatchObject({ code: 'keywords_failed' });
  });

  test('finds only chunks of the given documents', async () => {
    for (const id of ['a', 'b', 'c']) await store(id, [chunk(0, 'walrus')]);
    expect(await find('walrus', { documents: ['c', 'a', 'nothing'] })).toEqual(['a:g1:0', 'c:g1:0']);
    expect(await find('walrus', { documents: [] })).toEqual([]);
  });

  test.each(['" OR *', 'NOT NEAR( AND', 'tokens : ^', '***', '', ' \0 '])(
    'of FTS5 syntax alone finds nothing and breaks nothing: %j',
    async (text) => {
      await store('a', [chunk(0, 'walrus')]);
      expect((await query(text)).hits).toEqual([]);
    },
  );

  test('of many words counts the rarest that the collection holds', async () => {
    await store('a', [chunk(0, 'walrus')]);
    const words = Array.from({ length: 100 }, (_, at) => `word${at}`);
    await store('b', [chunk(0, words.join(' ')), chunk(1, words.join(' '))]);
    const { hits, tokens } = await query([...words, 'walrus', 'nowhere'].join(' '));
    expect(hits.map(({ document_id }) => document_id)).toEqual(expect.arrayContaining(['a', 'b']));
    expect(tokens).toHaveLength(64);
    expect(tokens[0]).toBe('walru');
  });

  test('of many words leaves out the most frequent, if they match too many chunks', async () => {
    const words = Array.from({ length: 64 }, (_, at) => `b${LETTERS[at >> 3]}z${LETTERS[at & 7]}k`);
    const common = words.slice(1).join(' ');
    await store('many', [
      ...Array.from({ length: 4900 }, (_, at) => chunk(at, common)),
      ...Array.from({ length: 5100 }, (_, at) => chunk(4900 + at, 'seal')),
    ]);
    await store('one', [chunk(0, words.join(' '))]);
    const long = await query(words.join(' '));
    expect([long.tokens[0], long.tokens.length]).toEqual([words[0], 62]);
    expect((await query(words.slice(0, 16).join(' '))).tokens).toHaveLength(16);
  });

  test('of a collection that is not there finds nothing', async () => {
    expect(await query('walrus')).toEqual({ hits: [], tokens: [], complete: false });
  });
});

describe('a deleted generation', () => {
  test('loses its chunks alone, and its late writes are refused', async () => {
    await store(
      'a',
      Array.from({ length: 450 }, (_, at) => chunk(at, 'walrus')),
    );
    await store('a', [chunk(0, 'walrus')], 'g2');
    await remove('a');
    expect([await count('a'), await count('a', 'g2')]).toEqual([0, 1]);
    expect(await find('walrus')).toEqual(['a:g2:0']);
    await expect(store('a', [chunk(0, 'walrus')])).rejects.toMatchObject({
      kind: 'permanent',
      code: 'dead_generation',
    });
    expect(await count('a')).toBe(0);
    expect(await generations()).toEqual([{ collection: 'docs', documentId: 'a', generation: 'g2' }]);
    await remove('a');
  });

  test('is deleted in steps, with other calls between them', async () => {
    await store(
      'a',
      Array.from({ length: 2000 }, (_, at) => chunk(at, 'walrus')),
    );
    const seen = new Set<number | undefined>();
    const deletion = remove('a');
    while ((await count('a')) !== 0) seen.add(await count('a'));
    await deletion;
    expect(seen.size).toBeGreaterThan(2);
  });

  test('is refused also if it never had a chunk, and after a restart', async () => {
    await remove('late');
    client = await index.restart();
    await expect(store('late', [chunk(0, 'walrus')])).rejects.toMatchObject({ code: 'dead_generation' });
    await store('late', [chunk(0, 'walrus')], 'g2');
  });

  test('is forgotten after 30 days', async () => {
    await remove('old');
    const later = Date.now() + 31 * 24 * 60 * 60 * 1000;
    vi.spyOn(Date, 'now').mockReturnValue(later);
    await remove('another');
    vi.restoreAllMocks();
    await store('old', [chunk(0, 'walrus')]);
    await expect(store('another', [chunk(0, 'walrus')])).rejects.toMatchObject({ code: 'dead_generation' });
  });
});

describe('completeness', () => {
  test('of a new index comes with the comparison', async () => {
    await store('a', [chunk(0, 'walrus')]);
    expect(await query('walrus')).toMatchObject({ complete: false });
    await client.markComplete('docs', signal);
    expect(await query('walrus')).toMatchObject({ complete: false });
    await client.markComplete(undefined, signal);
    expect(await query('walrus')).toMatchObject({ complete: true });
    await store('b', [chunk(0, 'walrus')], 'g1', 'new');
    expect(await query('walrus', { collection: 'new' })).toMatchObject({ complete: true });
    expect(await query('walrus', { collection: 'absent' })).toMatchObject({ complete: true });
  });
});
