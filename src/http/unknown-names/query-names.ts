import type { Context } from 'hono';

import { AppError } from '../../errors.ts';
import { unknownName } from './unknown-name.ts';

/** Parameters of a request, split by what its route knows. */
export interface SplitQuery {
  /** Values of the known parameters. */
  values: Record<string, string>;
  /** Names of the other parameters, each once. */
  unknown: string[];
}

/**
 * Splits the query string of a request.
 * @param known names of the route's parameters
 * @throws {AppError} `invalid_request` if a known parameter comes twice
 */
export function splitQuery(c: Context, known: readonly string[]): SplitQuery {
  const { url } = c.req;
  // Most requests have no query string, and parsing a URL takes longer than this.
  if (!url.includes('?')) return { values: {}, unknown: [] };
  const values = new Map<string, string>();
  const unknown = new Set<string>();
  for (const [name, value] of new URL(url).searchParams) {
    if (!known.includes(name)) unknown.add(name);
    else if (values.has(name))
      throw new AppError('invalid_request', `${name}: is given more than once. Give it once.`);
    else values.set(name, value);
  }
  return { values: Object.fromEntries(values), unknown: [...unknown] };
}

/** Refuses parameters other than the known ones. @throws {AppError} `invalid_request` */
export function refuseUnknownParameters({ unknown: [name] }: SplitQuery, known: readonly string[]): void {
  if (name !== undefined) throw unknownName('parameter', name, known);
}
