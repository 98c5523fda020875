import { ROUTE_RULES } from '../route-rules.ts';
import { problems } from './parts.ts';

type Operation = { responses: object; description?: string };
export type Paths = Record<string, Record<string, Operation>>;

/** Adds the required scope and the refusals to each operation, from the server's own rules. */
export function withRules(paths: Paths): Paths {
  const entries = Object.entries(paths).map(([path, operations]) => [
    path,
    Object.fromEntries(
      Object.entries(operations).map(([method, it]) => [method, withRule(path, method, it)]),
    ),
  ]);
  return Object.fromEntries(entries) as Paths;
}

function withRule(path: string, method: string, operation: Operation): object {
  const rule = ROUTE_RULES[`${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`];
  if (rule === 'open') return operation;
  const scope = rule === undefined || rule === 'any' ? undefined : rule.scope;
  const takesTicket = rule !== undefined && rule !== 'any' && rule.ticket;
  return {
    ...operation,
    description:
      scope === undefined ? 'Takes any key.' : `Needs a key with the scope \`${scope}\`, where keys are set.`,
    // The empty requirement stands for a server without keys.
    security: [{ key: [] }, ...(takesTicket ? [{ ticket: [] }] : []), {}],
    responses: { ...problems('unauthorized', 'forbidden'), ...operation.responses },
  };
}
