import type { ProblemCode } from '../../contract/error-codes.ts';
import { ROUTE_RULES } from '../route-rules.ts';
import { onUnknownName } from '../unknown-names/tolerant-routes.ts';
import { openAiProblems, problems } from './parts.ts';

/** An operation of the API, as its routes describe it. */
interface Operation {
  operationId: string;
  summary: string;
  parameters?: { name: string; in: string }[];
  requestBody?: object;
  /** Responses other than problems, by status. */
  responses: object;
  problems?: ProblemCode[];
}
/** Operations by method and path, as {@link ROUTE_RULES} names them. */
export type Operations = Record<string, Operation>;

/** Converts operations to OpenAPI's paths. Adds what the server's rules and limits add to each. */
export function toPaths(operations: Operations): Record<string, Record<string, object>> {
  const paths: Record<string, Record<string, object>> = {};
  for (const [route, operation] of Object.entries(operations)) {
    const [method = '', path = ''] = route.split(' ');
    const shown = path.replaceAll(/:(\w+)/g, '{$1}');
    paths[shown] = { ...paths[shown], [method.toLowerCase()]: describe(route, operation) };
  }
  return paths;
}

function describe(route: string, { problems: codes = [], ...operation }: Operation): object {
  const inPath = [...route.matchAll(/:(\w+)/g)].map(([, name]) => {
    return { name, in: 'path', required: true, schema: { type: 'string' } };
  });
  const parameters = [...inPath, ...(operation.parameters ?? [])];
  const refusal: ProblemCode[] = onUnknownName(route) === 'refuse' ? ['invalid_request'] : [];
  const refusals = new Set([...codes, ...refusal, 'too_many_requests' as const]);
  const refused = route.includes(' /v1/') ? openAiProblems : problems;
  const responses = { ...operation.responses, ...refused(...refusals) };
  const described = { ...operation, ...(parameters.length > 0 && { parameters }), responses };
  const rule = ROUTE_RULES[route];
  if (rule === 'open') return described;
  const scope = rule === undefined || rule === 'any' ? undefined : rule.scope;
  const takesTicket = rule !== undefined && rule !== 'any' && rule.ticket;
  return {
    ...described,
    description:
      scope === undefined ? 'Takes any key.' : `Needs a key with the scope \`${scope}\`, where keys are set.`,
    // The empty requirement stands for a server without keys.
    security: [{ key: [] }, ...(takesTicket ? [{ ticket: [] }] : []), {}],
    responses: { ...refused('unauthorized', 'forbidden'), ...responses },
  };
}
