import { expect, test } from 'vitest';

import { BUNDLED_MODEL } from '../../../../src/contract/services/processor.ts';
import { hitsByMeaning } from '../../../../src/documents/search/by-meaning.ts';
import { traitsOf } from '../../../../src/documents/search/model-traits.ts';
import { embedTexts } from '../../../../src/processor/embedders/bundled-model.ts';

/** Short texts, to which any query is similar, and one that the model cannot read. */
const TEXTS = ['Refund policy', 'foo bar baz', 'Hello world', 'Two cats', 'ok', 'TODO', 'qux', '灯塔在岛上'];

async function embed(texts: string[]): Promise<number[][]> {
  let json = '';
  for await (const part of embedTexts(texts)) json += Buffer.from(part).toString();
  return JSON.parse(`[${json}]`) as number[][];
}

async function find(query: string, model: string): Promise<{ texts: string[]; isAll: boolean }> {
  const [embedding = [], ...vectors] = await embed([query, ...TEXTS]);
  const hits = vectors.map((vector, index) => {
    const score = vector.reduce((sum, value, i) => sum + value * (embedding[i] ?? 0), 0);
    return { documentId: TEXTS[index]!, generation: 'g', index, score };
  });
  const embedded = { text: query, embedding, model, traits: traitsOf(model, undefined), embed };
  const found = await hitsByMeaning({ hits, isAll: false }, embedded);
  return { texts: found.hits.map(({ documentId }) => documentId), isAll: found.isAll };
}

test.each([
  'qwxz flurb',
  'asdf jkl;',
  'xkjhg',
  'zzzzzz',
  'sdlkfj sdlkfjs',
  'uiop uiop',
  'фывапролдж',
  '!!! ???',
  '...',
  '-',
])('the nonsense %s has no hit in the bundled model', async (query) => {
  expect(await find(query, BUNDLED_MODEL)).toEqual({ texts: [], isAll: true });
});

test.each([
  ['how do I get my money back', 'Refund policy'],
  ['greetings everyone', 'Hello world'],
  ['kittens', 'Two cats'],
])('%s has a hit', async (query, text) => {
  const { texts, isAll } = await find(query, BUNDLED_MODEL);
  expect(texts).toContain(text);
  // A hit below the least similarity is no hit, and neither is a later one.
  expect(isAll).toBe(true);
});

test('a text that the model cannot read is no hit', async () => {
  expect(await find('weather', 'another')).toMatchObject({ texts: expect.arrayContaining([TEXTS.at(-1)]) });
  expect((await find('weather', BUNDLED_MODEL)).texts).not.toContain(TEXTS.at(-1));
});

test('another model has no bound', async () => {
  expect(await find('qwxz flurb', 'another')).toEqual({ texts: TEXTS, isAll: false });
});
