import { expect, test } from 'vitest';

import type { Collection } from '../../../src/contract/documents.ts';
import { startSluice, type TestSluice } from '../../helpers/servers/sluice.ts';
import { useEmbeddings, useFolder } from '../../helpers/servers/use.ts';

const folder = useFolder();
const small = useEmbeddings();
const large = useEmbeddings({ dimensions: 96 });

const memo = (text: string) => new File([text], `${text}.txt`);

/** Starts the program on the same folder with an embedder. It responds once the api has seen the processor. */
async function startWith(embedder: { url: string }, model: string): Promise<TestSluice> {
  const env = { EMBEDDINGS_URL: embedder.url, EMBEDDINGS_MODEL: model };
  const sluice = await startSluice({ dataDir: folder, env });
  const processor = async () => {
    const response = await fetch(`${sluice.url}/readyz`);
    return ((await response.json()) as { checks: Record<string, string> }).checks['processor'];
  };
  await expect.poll(processor, { timeout: 60_000 }).toBe('ok');
  return sluice;
}

async function search(sluice: TestSluice, collection: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${sluice.url}/api/search`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ collection, query: 'lighthouse' }),
  });
  return { status: response.status, body: await response.json() };
}

async function completed(sluice: TestSluice, text: string, collection: string): Promise<string> {
  const { job_id } = await sluice.upload(memo(text), { collection });
  expect(await sluice.ended(job_id)).toMatchObject({ status: 'completed' });
  return job_id;
}

const MISMATCH = { status: 409, body: { code: 'embedding_mismatch' } };

test('an operator who changes the model keeps what was indexed, and gets it back with the model', async () => {
  let sluice = await startWith(small, 'small');
  const id = await completed(sluice, 'The lighthouse keeper writes.', 'letters');
  const texts = small.texts();
  await sluice.stop();

  for (const [embedder, model] of [
    [large, 'large'],
    [small, 'renamed'],
  ] as const) {
    sluice = await startWith(embedder, model);
    const refused = /HTTP 409.*"embedding_mismatch".*set the former model back/;
    await expect
      .poll(() => sluice.upload(memo('No.'), { collection: 'letters' }).catch(String))
      .toMatch(refused);
    expect(await search(sluice, 'letters')).toMatchObject(MISMATCH);
    await completed(sluice, 'The lighthouse of another collection.', `of-${model}`);
    expect(await search(sluice, `of-${model}`)).toMatchObject({ status: 200 });
    await sluice.stop();
  }
  // While renamed: the refused search, the upload to another collection, and its search.
  expect(small.texts()).toBe(texts + 3);

  sluice = await startWith(small, 'small');
  await completed(sluice, 'Another letter.', 'letters');
  expect(await search(sluice, 'letters')).toMatchObject({
    status: 200,
    body: { results: [{ document_id: id }, {}] },
  });
  const response = await fetch(`${sluice.url}/api/collections/letters`);
  expect(((await response.json()) as Collection).models).toEqual([
    { name: 'small', dimension: 64, document_count: 2 },
  ]);
  await sluice.stop();
});
