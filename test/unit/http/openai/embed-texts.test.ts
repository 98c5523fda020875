import { expect, test } from 'vitest';

import { embedTexts } from '../../../../src/http/openai/embed-texts.ts';

const signal = new AbortController().signal;

type Processor = Parameters<typeof embedTexts>[0];
/** Embeds texts, and collects the parts. */
async function embed(processor: Processor, model: string, input: string[], dimensions?: number) {
  const parts: number[][][] = [];
  for await (const part of embedTexts(processor, { input, model, dimensions }, signal)) parts.push(part);
  return parts;
}

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
  expect(await embed(processor, 'm', texts, 1)).toEqual([
    [[1], [2], [3]],
    [[4], [5], [6]],
    [[7], [8]],
  ]);
  expect(processor.calls).toEqual([3, 3, 2]);
});

test('another model than the present one costs no embedding', async () => {
  const processor = scripted(['m']);
  await expect(embed(processor, 'other', ['x'])).rejects.toMatchObject({
    code: 'model_not_found',
    detail: 'model: Sluice embeds with "m" now. Name this model.',
  });
  expect(processor.calls).toEqual([]);
});

test('vectors of two models never come in one response', async () => {
  const processor = scripted(['m', 'later']);
  await expect(embed(processor, 'm', ['a', 'b', 'c', 'd'])).rejects.toMatchObject({
    code: 'model_not_found',
  });
});

test('a processor that does not know its model before it embeds is compared then', async () => {
  const unknown = () => ({ ...scripted(['m']), health: async () => ({ ...health, model: undefined }) });
  const health = await scripted(['m']).health();
  expect(await embed(unknown(), 'm', ['x'])).toEqual([[[1]]]);
  await expect(embed(unknown(), 'other', ['x'])).rejects.toMatchObject({ code: 'model_not_found' });
});
