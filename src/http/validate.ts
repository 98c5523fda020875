import type { Context } from 'hono';
import * as v from 'valibot';

import { AppError } from '../errors.ts';

function check<S extends v.GenericSchema>(schema: S, value: unknown): v.InferOutput<S> {
  const parsed = v.safeParse(schema, value);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const path = v.getDotPath(issue);
  throw new AppError('invalid_request', path ? `${path}: ${issue.message}` : issue.message);
}

/** The query string by its schema. @throws {AppError} `invalid_request` */
export function readQuery<S extends v.GenericSchema>(c: Context, schema: S): v.InferOutput<S> {
  return check(schema, c.req.query());
}

/** The JSON body by its schema. @throws {AppError} `invalid_request` */
export async function readJson<S extends v.GenericSchema>(c: Context, schema: S): Promise<v.InferOutput<S>> {
  let body: unknown;
  try {
    body = await c.req.json();
  } catch (cause) {
    throw new AppError('invalid_request', 'The body must be JSON.', { cause });
  }
  return check(schema, body);
}
