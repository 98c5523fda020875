import { afterAll, beforeAll, expect, test } from 'vitest';

import type { ChunkList } from '../../../src/contract/documents.ts';
import type { Job } from '../../../src/contract/job.ts';
import { expectAccepted, upload } from '../../helpers/clients/uploads.ts';
import { useIngestion } from '../../helpers/servers/ingestion.ts';
import type { TestRoles } from '../../helpers/servers/roles.ts';
import { eventually } from '../../helpers/servers/supervised.ts';

/** Chunks of the document, each 32 characters long. */
const COUNT = 12;

const { api, startWorker } = useIngestion();
let worker: TestRoles;
let id = '';

beforeAll(async () => {
  worker = await startWorker();
  const fields = { collection: 'papers', chunk_size: '32', chunk_overlap: '0', chunking_strategy: 'fixed' };
  const text = Array.from({ length: COUNT }, (_, i) => String.fromCharCode(97 + i).repeat(32)).join('');
  id = await expectAccepted(await upload(api.url, text, fields));
  const job = async () => (await (await fetch(`${api.url}/api/jobs/${id}`)).json()) as Job;
  await eventually(async () => (await job()).status === 'completed');
});
afterAll(() => worker?.close());

const ask = (query: string) => fetch(`${api.url}/api/documents/${id}/chunks?${query}`);
async function read(
  query: string,
): Promise<{ indices: number[]; texts: string[]; next: string | undefined }> {
  const { chunks, next_cursor: next } = (await (await ask(query)).json()) as ChunkList;
  return {
    indices: chunks.map(({ chunk_index }) => chunk_index),
    texts: chunks.map(({ text }) => text),
    next,
  };
}

test('a list of chunks begins where `from` says', async () => {
  expect(await read('from=7&limit=3')).toMatchObject({
    indices: [7, 8, 9],
    texts: ['h', 'i', 'j'].map((letter) => letter.repeat(32)),
  });
  expect((await read('limit=2')).indices).toEqual([0, 1]);
  expect((await read('from=11&limit=5')).indices).toEqual([11]);
  expect(await read('from=12')).toEqual({ indices: [], texts: [], next: undefined });
  expect(await read('from=999999999')).toEqual({ indices: [], texts: [], next: undefined });
});

test('the pages after `from` follow without a gap, and the cursor decides', async () => {
  const first = await read('from=3&limit=4');
  const second = await read(`from=3&limit=4&cursor=${first.next}`);
  const third = await read(`from=3&limit=4&cursor=${second.next}`);
  expect([...first.indices, ...second.indices, ...third.indices]).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11]);
  expect(third.next).toBeUndefined();
});

test.each(['-1', '1.5', 'x', '9999999999', ''])('`from=%s` is refused', async (from) => {
  const response = await ask(`from=${from}`);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ code: 'invalid_request' });
});
