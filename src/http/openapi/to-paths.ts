import type { ProblemCode } from '../../contract/error-codes.ts';
import { ROUTE_RULES } from '../route-rules.ts';
import { onUnknownName } from '../unknown-names/tolerant-routes.ts';
import { openAiProblems, problems } from './parts.ts';
import { samplesOf } from './samples.ts';

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

/** Groups of operations, in the order in which the docs show them. */
export const TAGS = [
  { name: 'documents', description: 'Upload, read, edit, replace and delete documents.' },
  { name: 'search', description: 'Find chunks by word and by meaning.' },
  { name: 'jobs', description: 'Follow the work on uploads, cancel and retry it.' },
  { name: 'batches', description: 'Follow and change many uploads as one.' },
  { name: 'collections', description: 'List, embed again and delete collections.' },
  { name: 'models', description: "Embed texts in the shape of OpenAI's API." },
  { name: 'service', description: 'Statistics, settings, tickets and probes.' },
];

/** Returns the group of a route: the first part of its path, or `service`. */
function tagOf(route: string): string {
  const [, first = ''] = / (?:\/api|\/v1)?\/([^/]+)/.exec(route) ?? [];
  if (first === 'embeddings') return 'models';
  return TAGS.some(({ name }) => name === first) ? first : 'service';
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
  const described = {
    tags: [tagOf(route)],
    ...operation,
    ...(parameters.length > 0 && { parameters }),
    responses,
    ...samplesOf(operation.operationId),
  };
  const rule = ROUTE_RULES[route];
  if (rule === 'open') return { ...described, security: [] };
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
