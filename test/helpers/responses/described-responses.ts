import { codesWith } from '../../../src/contract/error-codes.ts';
import { openApiDocument } from '../../../src/http/openapi/openapi.ts';

type Operations = Record<string, { responses: Record<string, { description: string }> } | undefined>;

/** Every path as a pattern. Literal segments win, as in the server. */
const paths = Object.entries(openApiDocument.paths as Record<string, Operations>)
  .map(([path, operations]) => {
    const pattern = new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`);
    return { path, pattern, operations };
  })
  .sort((a, b) => Number(a.path.includes('{')) - Number(b.path.includes('{')));

/**
 * Finds what the OpenAPI document lacks of a response.
 * @param code of a problem; absent for other bodies
 * @returns words for the failing test; `undefined` if the response is described, or its path is not of the API
 */
export function undescribed(method: string, path: string, status: number, code?: string): string | undefined {
  const found = paths.find(({ pattern }) => pattern.test(path));
  const operation = found?.operations[method === 'HEAD' ? 'get' : method.toLowerCase()];
  if (!operation) return undefined;
  const described = operation.responses[status]?.description;
  const words = `${described ?? ''} ${openApiDocument.info.description}`;
  const isKnown = code === undefined ? described !== undefined : words.includes(`\`${code}\``);
  return isKnown ? undefined : `OpenAPI lacks ${method} ${found?.path}: ${status} ${code ?? ''}`;
}

const CHECKS = Symbol.for('sluice.described-responses');

/** Makes every `fetch` of this process fail on a response of the API that the OpenAPI document lacks. */
export function checkEveryFetch(): void {
  // Test files share a process, and so its global functions.
  if (CHECKS in globalThis) return;
  Object.defineProperty(globalThis, CHECKS, { value: true });
  const plain = globalThis.fetch;
  globalThis.fetch = async (...request) => {
    const response = await plain(...request);
    const [target, { method: named } = {}] = request;
    const url = target instanceof Request ? target.url : String(target);
    const method = named ?? (target instanceof Request ? target.method : 'GET');
    const type = response.headers.get('content-type');
    const isOpenAi = response.status >= 400 && new URL(url).pathname.startsWith('/v1/');
    const isProblem = type === 'application/problem+json' || (isOpenAi && type === 'application/json');
    const code = isProblem && method !== 'HEAD' ? codeIn(await response.clone().text()) : undefined;
    // Proxies and stand-ins of other services have problems of their own.
    if (code !== undefined && !codesWith('http').some((known) => known === code)) return response;
    if (!isProblem && response.status >= 400) return response;
    const fault = undescribed(method, new URL(url).pathname, response.status, code);
    if (fault !== undefined) throw new Error(fault);
    return response;
  };
}

/** Reads the code of a problem, or of an error in OpenAI's shape. */
function codeIn(body: string): string | undefined {
  const { code, error } = JSON.parse(body) as { code?: string; error?: { code?: string } };
  return code ?? error?.code;
}
