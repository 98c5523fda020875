import type { Context } from 'hono';
import * as v from 'valibot';

import type { AccessEnvironment } from '../access/authorize-requests.ts';
import { AppError } from '../errors.ts';
import { readBody } from './read-body.ts';
import { refuseUnknownParameters, splitQuery } from './unknown-names/query-names.ts';
import { findUnknownKey } from './unknown-names/unknown-key.ts';
import { unknownName } from './unknown-names/unknown-name.ts';

/** A schema of an object, with or without further checks. */
type QuerySchema = v.GenericSchema & { entries: v.ObjectEntries };

function check<S extends v.GenericSchema>(schema: S, value: unknown): v.InferOutput<S> {
  const parsed = v.safeParse(schema, value);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const path = v.getDotPath(issue);
  throw new AppError('invalid_request', path ? `${path}: ${issue.message}` : issue.message);
}

/**
 * Reads and validates the query string. Each parameter comes once.
 * @throws {AppError} `invalid_request`, also for a parameter that the schema does not have
 */
export function readQuery<S extends QuerySchema>(c: Context, schema: S): v.InferOutput<S> {
  const known = Object.keys(schema.entries);
  const query = splitQuery(c, known);
  refuseUnknownParameters(query, known);
  return check(schema, query.values);
}

/**
 * Reads and validates the query string of a documented route, which accepts parameters that it does not know.
 * @returns `ignored` as well, the names for `ignoredHeader`
 * @throws {AppError} `invalid_request`
 */
export function readTolerantQuery<S extends QuerySchema>(
  c: Context,
  schema: S,
): { query: v.InferOutput<S>; ignored: string[] } {
  const { values, unknown } = splitQuery(c, Object.keys(schema.entries));
  return { query: check(schema, values), ignored: unknown };
}

/**
 * Reads and validates a JSON body.
 * @param maxBytes largest size, in bytes
 * @throws {AppError} `invalid_request`, also for a key that the schema does not have; as {@link readBody}
 */
export async function readJson<S extends v.GenericSchema>(
  c: Context<AccessEnvironment>,
  schema: S,
  maxBytes: number,
): Promise<v.InferOutput<S>> {
  return parseJson(schema, await readBody(c.env.incoming, maxBytes));
}

/**
 * Reads and validates a JSON body that may be missing, or hold nothing: the schema then gets an empty object.
 * @throws {AppError} as {@link readJson}
 */
export async function readOptionalJson<S extends v.GenericSchema>(
  c: Context<AccessEnvironment>,
  schema: S,
  maxBytes: number,
): Promise<v.InferOutput<S>> {
  const text = await readBody(c.env.incoming, maxBytes);
  return parseJson(schema, ['', 'null'].includes(text.trim()) ? '{}' : text);
}

function parseJson<S extends v.GenericSchema>(schema: S, text: string): v.InferOutput<S> {
  const value = check(v.pipe(v.string(), v.parseJson(undefined, 'The body must be JSON.')), text);
  const unknown = findUnknownKey(schema, value);
  if (unknown) throw unknownName('field', unknown.key, unknown.known, unknown.path);
  return check(schema, value);
}
