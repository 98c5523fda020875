import { expect, test } from 'vitest';

import type { DocumentList } from '../../../src/contract/documents.ts';
import type { SearchResponse } from '../../../src/contract/search.ts';
import { useEmbeddings, useSluice } from '../../helpers/servers/use.ts';

const embedder = useEmbeddings();
const sluice = useSluice(() => ({ env: { EMBEDDINGS_URL: embedder.url } }));

async function found(collection: string, query: string): Promise<SearchResponse['results']> {
  const response = await fetch(`${sluice.url}/api/search`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ collection, query }),
  });
  expect(response.status).toBe(200);
  return ((await response.json()) as SearchResponse).results;
}

async function documents(collection: string): Promise<DocumentList['documents']> {
  const response = await fetch(`${sluice.url}/api/documents?collection=${collection}`);
  return ((await response.json()) as DocumentList).documents;
}

test('the same file uploaded again and again makes one document and one hit', async () => {
  const fields = { collection: 'twins' };
  const text = 'The lighthouse keeper writes a letter each evening.';
  const send = () => sluice.upload(new File([text], 'letters.txt'), fields);
  const accepted = await Promise.all([send(), send(), send()]);
  for (const { status, message } of accepted)
    expect({ status, message }).toEqual({ status: 'queued', message: 'Upload queued for processing' });
  const ended = await Promise.all(accepted.map(({ job_id }) => sluice.ended(job_id)));
  ended.push(await sluice.ended((await send()).job_id));
  expect(ended.map(({ status }) => status)).toEqual(Array(4).fill('completed'));
  expect(new Set(ended.map(({ result }) => result?.document_id)).size).toBe(1);
  expect(ended.filter(({ result }) => result?.duplicate)).toHaveLength(3);
  expect(await documents('twins')).toHaveLength(1);
  expect(await found('twins', 'lighthouse keeper')).toHaveLength(1);

  await sluice.ended(
    (await sluice.upload(new File([text], 'letters.txt'), { ...fields, on_duplicate: 'keep' })).job_id,
  );
  expect(await documents('twins')).toHaveLength(2);
});

test('an upload that replaces keeps the document, and no search sees both versions or neither', async () => {
  const fields = { collection: 'versions', on_duplicate: 'replace' };
  const version = (number: number) => new File([`Version ${number} of the garden plan.`], 'plan.txt');
  const first = await sluice.ended((await sluice.upload(version(1), fields)).job_id);
  const id = first.result!.document_id;
  for (let number = 2; number <= 6; number++) {
    const { job_id } = await sluice.upload(version(number), fields);
    const seen = new Set<string>();
    for (let over = false; !over;) {
      over = (await sluice.job(job_id)).status === 'completed';
      const results = await found('versions', 'garden plan');
      expect(results).toHaveLength(1);
      seen.add(results[0]!.text);
    }
    expect((await sluice.job(job_id)).result).toMatchObject({ document_id: id });
    expect([...seen].at(-1)).toBe(`Version ${number} of the garden plan.`);
  }
  expect(await documents('versions')).toMatchObject([{ id, filename: 'plan.txt' }]);
});
