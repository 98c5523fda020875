import type { Context } from 'hono';
import * as v from 'valibot';

import type { AccessEnvironment } from '../access/authorize-requests.ts';
import { AppError } from '../errors.ts';
import { readBody } from './read-body.ts';

function check<S extends v.GenericSchema>(schema: S, value: unknown): v.InferOutput<S> {
  const parsed = v.safeParse(schema, value);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const path = v.getDotPath(issue);
  throw new AppError('invalid_request', path ? `${path}: ${issue.message}` : issue.message);
}

/** Reads and validates the query string. @throws {AppError} `invalid_request` */
export function readQuery<S extends v.GenericSchema>(c: Context, schema: S): v.InferOutput<S> {
  return check(schema, c.req.query());
}

/**
 * Reads and validates a JSON body.
 * @param maxBytes largest size, in bytes
 * @throws {AppError} `invalid_request`; as {@link readBody}
 */
export async function readJson<S extends v.GenericSchema>(
  c: Context<AccessEnvironment>,
  schema: S,
  maxBytes: number,
): Promise<v.InferOutput<S>> {
  const text = await readBody(c.env.incoming, maxBytes);
  return check(v.pipe(v.string(), v.parseJson(undefined, 'The body must be JSON.'), schema), text);
}
