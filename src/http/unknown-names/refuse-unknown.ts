import type { IncomingMessage } from 'node:http';
import type { MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';

import type { AccessEnvironment, Rule } from '../../access/authorize-requests.ts';
import { AppError } from '../../errors.ts';
import type { Operations } from '../openapi/to-paths.ts';
import { hasBody, readBody } from '../read-body.ts';
import { refuseUnknownParameters, splitQuery } from './query-names.ts';
import { onUnknownName } from './tolerant-routes.ts';

/** Longest body that may turn out to be empty, in bytes. */
const MAX_EMPTY_BYTES = 256;
/** Time in ms for such a body. */
const EMPTY_WITHIN_MS = 2000;
/** Bodies that say nothing. Some clients send them where they have nothing to send. */
const EMPTY = ['', '{}', 'null'];

/**
 * Refuses parameters that a route does not describe, and a body where it describes none. It covers every route, so a new one
 * cannot forget it. `onUnknownName` has the exceptions.
 * @param operations the descriptions of the routes, for their parameters and bodies
 * @param rules names the routes that take a ticket
 */
export function refuseUnknown(
  operations: Operations,
  rules: Readonly<Record<string, Rule>>,
): MiddlewareHandler<AccessEnvironment> {
  return async (c, next) => {
    const matched = matchedRoutes(c).find(({ method }) => method !== 'ALL');
    const route = `${matched?.method} ${matched?.path}`;
    // A request that matches no route gets 404 or 405.
    if (matched && onUnknownName(route) === 'refuse') {
      const operation = operations[route];
      const known = [...parameterNames(operation), ...(takesTicket(rules[route]) ? ['ticket'] : [])];
      refuseUnknownParameters(splitQuery(c, known), known);
      if (!operation?.requestBody && hasBody(c.env.incoming)) await refuseContent(c.env.incoming);
    }
    await next();
  };
}

function parameterNames({ parameters = [] }: Pick<Operations[string], 'parameters'> = {}): string[] {
  return parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
}

function takesTicket(rule: Rule | undefined): boolean {
  return typeof rule === 'object' && rule.ticket === true;
}

/** Refuses a body that says something. @throws {AppError} `invalid_request`, also for one that is long or late */
async function refuseContent(request: IncomingMessage): Promise<void> {
  const body = await readBody(request, MAX_EMPTY_BYTES, EMPTY_WITHIN_MS).catch(() => undefined);
  if (body === undefined || !EMPTY.includes(body.replaceAll(/\s/g, '')))
    throw new AppError('invalid_request', 'This request takes no body. Send it without one.');
}
