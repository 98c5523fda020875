import type { MiddlewareHandler } from 'hono';

import type { OpenAiError } from '../../contract/openai.ts';
import type { Problem } from '../../contract/problem.ts';

/** Converts every problem response to OpenAI's shape, because its clients show no other text. Status and headers stay. */
export const openAiErrors: MiddlewareHandler = async (c, next) => {
  await next();
  if (c.res.headers.get('content-type') !== 'application/problem+json') return;
  const { status, title, detail, code } = (await c.res.json()) as Problem;
  const error = { message: detail ?? title, type: typeOf(status), param: null, code };
  const headers = new Headers(c.res.headers);
  headers.set('content-type', 'application/json');
  // Hono merges the headers of a response that is already set.
  c.res = undefined;
  c.res = new Response(JSON.stringify({ error } satisfies OpenAiError), { status, headers });
};

function typeOf(status: number): OpenAiError['error']['type'] {
  if (status === 429) return 'rate_limit_error';
  return status < 500 ? 'invalid_request_error' : 'server_error';
}
