import { Hono } from 'hono';
import { expect, test } from 'vitest';

import { PageQuerySchema } from '../../../src/contract/documents.ts';
import { AppError } from '../../../src/errors.ts';
import { readQuery, readTolerantQuery } from '../../../src/http/validate.ts';

// Without the check of all routes, which has the parameters from OpenAPI.
const app = new Hono()
  .get('/strict', (c) => c.json(readQuery(c, PageQuerySchema)))
  .get('/tolerant', (c) => c.json(readTolerantQuery(c, PageQuerySchema)));
app.onError((error, c) =>
  c.json(error instanceof AppError ? [error.code, error.detail] : [String(error)], 400),
);

async function read(address: string): Promise<unknown> {
  return (await app.request(address)).json();
}

test('a query string is read by its schema', async () => {
  expect(await read('/strict')).toEqual({ limit: 50 });
  expect(await read('/strict?')).toEqual({ limit: 50 });
  expect(await read('/strict?l%69mit=5&&cursor=a%20b+c')).toEqual({ limit: 5, cursor: 'a b c' });
});

test('a name outside the schema is refused', async () => {
  expect(await read('/strict?limt=5')).toEqual([
    'invalid_request',
    'limt: is no parameter of this request. Use limit, or leave it out.',
  ]);
  for (const name of ['__proto__', 'constructor', 'toString', 'entries'])
    expect(await read(`/strict?${name}=5`)).toEqual([
      'invalid_request',
      `${name}: is no parameter of this request. Leave it out, or use one of: limit, cursor.`,
    ]);
});

test('a documented route gets its values and the other names', async () => {
  expect(await read('/tolerant?_=1&limit=5&__proto__=2&_=3')).toEqual({
    query: { limit: 5 },
    ignored: ['_', '__proto__'],
  });
  expect(await read('/tolerant?limit=many&_=1')).toEqual([
    'invalid_request',
    'limit: limit must be a whole number',
  ]);
});

test('a parameter that comes twice is refused by both', async () => {
  const refusal = ['invalid_request', 'limit: is given more than once. Give it once.'];
  expect(await read('/strict?limit=1&limit=2')).toEqual(refusal);
  expect(await read('/tolerant?limit=1&limit=1')).toEqual(refusal);
});
