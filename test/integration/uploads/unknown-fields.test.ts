import { afterEach, expect, test } from 'vitest';

import type { Problem } from '../../../src/contract/problem.ts';
import type { UploadAccepted } from '../../../src/contract/upload.ts';
import { storedFiles } from '../../helpers/clients/uploads.ts';
import { useRedis, useRoles } from '../../helpers/servers/use.ts';

const redis = useRedis();
const api = useRoles(['api'], () => ({ REDIS_URL: redis.url }));
afterEach(() => redis.client.flushall());

type Part = [name: string, value: string | File];
const file = (): Part => ['file', new File(['hello'], 'a.txt')];

function post(parts: Part[], query = '', headers: Record<string, string> = {}): Promise<Response> {
  const body = new FormData();
  for (const [name, value] of parts) body.append(name, value);
  return fetch(`${api.url}/api/documents/upload${query}`, { method: 'POST', body, headers });
}
async function ignoredBy(response: Response): Promise<string | null> {
  expect([response.status, await response.clone().text()]).toEqual([202, expect.any(String)]);
  return response.headers.get('sluice-ignored');
}
async function payloadOf(response: Response): Promise<Record<string, unknown>> {
  const { job_id } = (await response.json()) as UploadAccepted;
  return JSON.parse((await redis.client.hget(`job:${job_id}`, 'payload'))!) as Record<string, unknown>;
}

test('an upload with known fields alone has no header', async () => {
  expect(await ignoredBy(await post([file(), ['collection', 'papers'], ['metadata', '{}']]))).toBeNull();
});

test('the header names parameters and fields that had no effect, each once', async () => {
  const parts: Part[] = [['note', 'a'], file(), ['csrf_token', 'a'], ['note', 'b'], ['collection', 'papers']];
  const response = await post(parts, '?_=1&a%20b=1&note=1');
  expect(await ignoredBy(response)).toBe('_, a%20b, note, csrf_token');
  expect(await payloadOf(response)).toMatchObject({ collection: 'papers' });
});

test('a field in the query string has no effect, and the header says so', async () => {
  const response = await post([file()], '?collection=papers');
  expect(await ignoredBy(response)).toBe('collection');
  expect(await payloadOf(response)).toMatchObject({ collection: 'default' });
});

test.each([
  ['_charset_', '_charset_'],
  ['_method', '_method'],
  ['MAX_FILE_SIZE', 'MAX_FILE_SIZE'],
  ['__proto__', '__proto__'],
  ['constructor', 'constructor'],
  ['toString', 'toString'],
  ['größe', 'gr%C3%B6%C3%9Fe'],
  ['n'.repeat(10_000), `${'n'.repeat(64)}+`],
  ['connection', 'connection'],
  ['', '""'],
])('a field is accepted and named, case %#', async (name, shown) => {
  expect(await ignoredBy(await post([[name, 'utf-8'], file()]))).toBe(shown);
});

test('many names are counted', async () => {
  const fields = Array.from({ length: 100 }, (_, i): Part => [`f${i}`, 'a']);
  const names = Array.from({ length: 1000 }, (_, i) => `p${i}=1`).join('&');
  expect((await ignoredBy(await post([...fields, file()])))?.split(', ')[16]).toBe('+84');
  expect((await ignoredBy(await post([...fields, file()], `?${names}`)))?.split(', ')[16]).toBe('+1084');
});

test('two batches are refused, because a client would wait for both; the same one twice is one', async () => {
  const before = await storedFiles(api.dataDir);
  const refused = await post([['batch', 'march'], file(), ['batch', 'april']]);
  expect(refused.status).toBe(400);
  expect(((await refused.json()) as Problem).code).toBe('invalid_batch');
  expect(await storedFiles(api.dataDir)).toEqual(before);
  const accepted = await post([['batch', 'march'], file(), ['batch', 'march']]);
  expect(await ignoredBy(accepted)).toBeNull();
  expect(await payloadOf(accepted)).toMatchObject({ batch: 'march' });
});

test('a part without a name is named as the empty one', async () => {
  const response = await fetch(`${api.url}/api/documents/upload`, {
    method: 'POST',
    headers: { 'content-type': 'multipart/form-data; boundary=b' },
    body:
      '--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n' +
      '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nhello\r\n--b--\r\n',
  });
  expect(await ignoredBy(response)).toBe('""');
});

test('the last of several values counts, and the header names the field', async () => {
  const response = await post([['collection', 'one-a'], ['collection', 'two-b'], file()]);
  expect(await ignoredBy(response)).toBe('collection');
  expect(await payloadOf(response)).toMatchObject({ collection: 'two-b' });
  expect(await ignoredBy(await post([['collection', 'one-a'], ['collection', 'one-a'], file()]))).toBeNull();
});

test('a repeated upload names the same fields', async () => {
  const again = () => post([['note', 'a'], file()], '', { 'idempotency-key': 'same' });
  const [first, second] = [await again(), await again()];
  expect([await ignoredBy(first), await ignoredBy(second)]).toEqual(['note', 'note']);
  expect(await second.json()).toEqual(await first.json());
});

test.each<[string, string]>([
  ['chunksize', 'chunk_size'],
  ['chunk-size', 'chunk_size'],
  ['chunkSize', 'chunk_size'],
  ['Collection', 'collection'],
  ['chunk_strategy', 'chunking_strategy'],
  ['metadata[author]', 'metadata'],
])('the field %s is refused, and leaves nothing behind', async (name, meant) => {
  const before = await storedFiles(api.dataDir);
  const field: Part = [name, '512'];
  const blob: Part = [name, new File(['512'], 'blob')];
  for (const parts of [[field, file()], [file(), field], [blob, file()], [field]]) {
    const response = await post(parts);
    const { code, detail } = (await response.json()) as Problem;
    expect([response.status, code]).toEqual([400, 'misspelled_field']);
    expect(detail).toBe(`${name}: is no field of an upload. Use ${meant}.`);
  }
  await expect.poll(() => storedFiles(api.dataDir)).toEqual(before);
  expect(await redis.client.keys('job:*')).toEqual([]);
});
