import { expect, test } from 'vitest';

import { fuse } from '../../../../src/documents/search/fuse.ts';

const hit = (documentId: string, score: number) => ({ documentId, generation: 'g', index: 0, score });
const order = (hits: ReturnType<typeof fuse>) => hits.map(({ documentId }) => documentId);

test('each leg is scaled by its best hit, meaning from its worst and words from 0, and weighed', () => {
  const fused = fuse([hit('a', 0.9), hit('b', 0.5), hit('c', 0.1)], [hit('b', 12), hit('d', 6)], 0.8);
  expect(order(fused)).toEqual(['b', 'd', 'a', 'c']);
  expect(fused.map(({ score }) => Number(score.toFixed(3)))).toEqual([0.9, 0.4, 0.2, 0]);
});

test('a hit keeps the scores of both legs as they were, and none of a leg without it', () => {
  const [both, words, meaning] = fuse([hit('a', 0.9), hit('b', 0.5)], [hit('a', 12), hit('c', 2)], 0.5);
  expect(both).toMatchObject({ documentId: 'a', score: 1, vectorScore: 0.9, keywordScore: 12 });
  expect(meaning).toMatchObject({ documentId: 'b', vectorScore: 0.5 });
  expect(meaning?.keywordScore).toBeUndefined();
  expect(words).toMatchObject({ documentId: 'c', keywordScore: 2 });
  expect(words?.vectorScore).toBeUndefined();
});

test('a single hit of a leg is its best', () => {
  expect(fuse([hit('a', 0.3)], [hit('b', 1)], 0.8).map(({ score }) => score)).toEqual([
    0.8,
    expect.closeTo(0.2),
  ]);
});

test('no hits fuse to none', () => {
  expect(fuse([], [], 0.8)).toEqual([]);
});
