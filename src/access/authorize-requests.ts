import type { HttpBindings } from '@hono/node-server';
import type { Context, MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';

import { AppError } from '../errors.ts';
import type { Access } from './access.ts';
import { problemResponse } from './problem-response.ts';
import { isAllowed, type Principal, type Scope } from './principal.ts';

/** Context of the handlers behind {@link authorizeRequests}. */
export interface AccessEnvironment {
  Bindings: HttpBindings;
  Variables: { principal: Principal };
}

/**
 * Says who may call a route: `open` to all, `any` key or job token, or a scope. `job` finds the job's id in the path. That
 * job's own token may then read it. `ticket` also accepts `?ticket=`: a browser's event stream cannot send the header.
 */
export type Rule = 'open' | 'any' | { scope: Scope; job?: RegExp; ticket?: true };

/** Header of a response with 401. */
const CHALLENGE = { 'www-authenticate': 'Bearer realm="sluice"' };

/**
 * Authorizes requests, and puts the principal into their context.
 * @param rules by method and path, as the routes declare them. A route without a rule needs `admin`
 */
export function authorizeRequests(
  access: Access,
  rules: Readonly<Record<string, Rule>>,
): MiddlewareHandler<AccessEnvironment> {
  return async (c, next) => {
    const route = matchedRoutes(c).find(({ method }) => method !== 'ALL');
    // A request that matches no route gets 404 or 405, with or without a key.
    const rule = route ? (rules[`${route.method} ${route.path}`] ?? { scope: 'admin' }) : 'open';
    if (rule === 'open') return next();
    try {
      c.set('principal', await authenticate(c, access, rule));
    } catch (error) {
      if (error instanceof AppError) return refusal(error);
      throw error;
    }
    await next();
  };
}

async function authenticate(
  c: Context<AccessEnvironment>,
  access: Access,
  rule: Exclude<Rule, 'open'>,
): Promise<Principal> {
  const { authorization } = c.env.incoming.headers;
  const ticket =
    rule !== 'any' && rule.ticket && authorization === undefined ? c.req.query('ticket') : undefined;
  const principal = await (ticket === undefined ? access.ofHeader(authorization) : access.ofTicket(ticket));
  if (rule === 'any') return principal;
  const { scope, job } = rule;
  const id = job?.exec(c.req.path)?.[1];
  if (isAllowed(principal, scope, id)) return principal;
  throw new AppError('forbidden', `The key needs the scope ${scope}.`);
}

function refusal({ code, detail }: AppError): Response {
  return problemResponse(code, detail, code === 'unauthorized' ? CHALLENGE : {});
}
