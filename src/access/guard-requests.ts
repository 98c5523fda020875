import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import type { MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';

import type { Guard, Refusal } from './guard.ts';
import { problemBody, problemResponse } from './problem-response.ts';

/** Headers of every response of every port. No other site may frame or read it, and no browser guesses its type. */
const HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

const DETAILS: Record<Refusal, string> = {
  host_forbidden:
    'A request must have one Host header, with a host of this server. The log of the server names the setting that adds one.',
  origin_forbidden:
    'Pages of this origin may not call this server. The log of the server names the setting that lets them.',
};

/**
 * Checks each request with the guard before any route runs. A file of the web page matches only the route `/*`.
 * @param onRefusal called before the response to a refused request
 */
export function guardRequests(
  guard: Guard,
  onRefusal?: (request: IncomingMessage, response: ServerResponse) => void,
): MiddlewareHandler<{ Bindings: HttpBindings }> {
  return async (c, next) => {
    const { incoming, outgoing } = c.env;
    for (const [name, value] of Object.entries(HEADERS)) outgoing.setHeader(name, value);
    const reads = incoming.method === 'GET' || incoming.method === 'HEAD';
    const isStatic = reads && matchedRoutes(c).every(({ path }) => path === '/*');
    const refusal = guard.refusal(incoming, isStatic);
    if (refusal === undefined) return next();
    onRefusal?.(incoming, outgoing);
    // The server then drains the body for a moment. If it closed the connection at once, the client would lose the response.
    return problemResponse(refusal, DETAILS[refusal]);
  };
}

/** Formats a refusal as a Problem. */
export function refusalBody(code: Refusal): string {
  return problemBody(code, DETAILS[code]);
}
