import { Hono } from 'hono';
import { expect, test } from 'vitest';

import { requireSecret } from '../../../src/access/require-secret.ts';

const SECRET = 'a-secret-of-the-test';
const refuse = () => new Response('refused', { status: 401 });
const app = new Hono().use(requireSecret(SECRET, refuse)).all('*', (c) => c.text('done'));

test.each([
  ['POST', '/parse', `Bearer ${SECRET}`, 200],
  ['POST', '/parse', undefined, 401],
  ['POST', '/chunk', `Bearer ${SECRET}x`, 401],
  ['POST', '/embed', `bearer ${SECRET}`, 401],
  ['POST', '/embed', SECRET, 401],
  ['POST', '/embed', '', 401],
  ['GET', '/health', `Bearer ${SECRET}`, 200],
  // A probe holds no secret. One that is wrong shows a wrong setting.
  ['GET', '/health', undefined, 200],
  ['GET', '/health', 'Bearer another', 401],
  ['POST', '/health', undefined, 401],
  ['GET', '/health/', undefined, 401],
  ['GET', '/nothing', undefined, 401],
])('%s %s with %j is answered with %i', async (method, path, authorization, status) => {
  const headers = authorization === undefined ? {} : { authorization };
  const response = await app.request(path, { method, headers });
  expect(response.status).toBe(status);
  expect(await response.text()).toBe(status === 401 ? 'refused' : 'done');
});
