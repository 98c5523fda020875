import { expect, test } from 'vitest';

import { embedTexts } from '../../../../src/http/openai/embed-texts.ts';

const signal = new AbortController().signal;

/** A processor that embeds a text as its length, and names a model for each call in turn. */
function scripted(models: string[], present: string | undefined = models[0]) {
  const calls: number[] = [];
  return {
    calls,
    health: async () => ({
      status: 'ok' as const,
      children: 1,
      embed_batch: 3,
      embedder: 'ok' as const,
      model: present,
    }),
    embed: async ({ texts }: { texts: string[] }) => {
      calls.push(texts.length);
      const model = models[Math.min(calls.length, models.length) - 1]!;
      return { embeddings: texts.map(({ length }) => [length]), model, dimensions: 1 };
    },
  };
}

test('texts go to the processor in calls of its batch, and come back in order', async () => {
  const processor = scripted(['m']);
  const texts = Array.from({ length: 8 }, (_, i) => 'x'.repeat(i + 1));
  const embeddings = await embedTexts(processor, { texts, model: 'm', dimensions: 1 }, signal);
  expect(embeddings.flat()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(processor.calls).toEqual([3, 3, 2]);
});

test('another model than the present one costs no embedding', async () => {
  const processor = scripted(['m']);
  const refused = embedTexts(processor, { texts: ['x'], model: 'other', dimensions: undefined }, signal);
  await expect(refused).rejects.toMatchObject({
    code: 'model_not_found',
    detail: 'model: Sluice embeds with "m" now. Name this model.',
  });
  expect(processor.calls).toEqual([]);
});

test('vectors of two models never come in one response', async () => {
  const processor = scripted(['m', 'later']);
  const refused = embedTexts(
    processor,
    { texts: ['a', 'b', 'c', 'd'], model: 'm', dimensions: undefined },
    signal,
  );
  await expect(refused).rejects.toMatchObject({ code: 'model_not_found' });
});

test('a processor that does not know its model before it embeds is compared then', async () => {
  const unknown = () => ({ ...scripted(['m']), health: async () => ({ ...health, model: undefined }) });
  const health = await scripted(['m']).health();
  const embed = (model: string) =>
    embedTexts(unknown(), { texts: ['x'], model, dimensions: undefined }, signal);
  expect(await embed('m')).toEqual([[1]]);
  await expect(embed('other')).rejects.toMatchObject({ code: 'model_not_found' });
});
