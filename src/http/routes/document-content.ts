import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';

import type { AccessEnvironment } from '../../access/authorize-requests.ts';
import { problemResponse } from '../../access/problem-response.ts';
import { contentProblem, openContent } from '../../documents/open-content.ts';
import type { StoredDocument } from '../../documents/registry.ts';
import type { ApiOptions, ApiServices } from '../api-services.ts';
import { attachment } from '../content/attachment.ts';
import { allowsRange, isKnown, rangeOf } from '../content/conditions.ts';
import { contentTypeOf } from '../content/content-type.ts';
import { sendStream } from '../content/send-stream.ts';
import { header } from '../openapi/parts.ts';
import type { Operations } from '../openapi/to-paths.ts';

/** Policy of an original that a browser opens: no script, no form, no request, and an origin of its own. */
const POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'";

type ContentServices = Pick<ApiServices, 'registry' | 'blobs' | 'installation' | 'limiter' | 'logger'>;

/**
 * Serves `GET /api/documents/{id}/content`: the bytes that were uploaded, or a range of them. The route compares a
 * whole response with the upload's hash while it sends it. A changed file cuts the response off before its last bytes.
 * The route compares a range by length alone.
 */
export function documentContentRoutes(services: ContentServices, { clientOf }: Pick<ApiOptions, 'clientOf'>) {
  const { registry, limiter, logger } = services;
  return new Hono<AccessEnvironment>().get('/api/documents/:id/content', async (c) => {
    const principal = c.get('principal');
    const document = await registry.get(principal.tenant, c.req.param('id'));
    const transfer = limiter.body(clientOf(c.env.incoming, principal));
    try {
      const blob = await openContent(document, services);
      const { size } = blob;
      const tag = tagOf(document);
      const headers = headersOf(document, tag);
      const isHead = c.req.method === 'HEAD';
      const unchanged = isKnown(c.req.header('if-none-match'), tag);
      const mayBePart = !isHead && !unchanged && allowsRange(c.req.header('if-range'), tag);
      const range = mayBePart ? rangeOf(c.req.header('range'), size) : undefined;
      if (isHead || unchanged || range === 'unsatisfiable') {
        await blob.close();
        if (unchanged) return c.body(null, 304, headers);
        if (isHead) return c.body(null, 200, { ...headers, 'content-length': String(size) });
        const detail = `The document has ${size} bytes.`;
        return problemResponse('range_not_satisfiable', detail, { 'content-range': `bytes */${size}` });
      }
      const { start, end } = range ?? { start: 0, end: size - 1 };
      const part = range && { 'content-range': `bytes ${start}-${end}/${size}` };
      const head = {
        status: range ? 206 : 200,
        headers: { ...headers, ...part, 'content-length': String(end - start + 1) },
      };
      // Writes straight to the socket, because the body must end with an error where the file does.
      const { outgoing } = c.env;
      outgoing.setHeaders(c.res.headers);
      const stream = blob.stream(range);
      const count = (bytes: number) => transfer.arrived(bytes);
      const fault = await sendStream(outgoing, head, stream, count).catch((error: unknown) => {
        throw contentProblem(error);
      });
      if (fault !== undefined)
        logger.error('a download was cut off', { document: document.id, error: fault });
      return RESPONSE_ALREADY_SENT;
    } finally {
      transfer.end();
    }
  });
}

/** Returns the strong entity tag of an original: its hash. Another program may have written none, or another text. */
function tagOf({ content_hash: hash = '' }: StoredDocument): string | undefined {
  return /^[\da-f]{64}$/i.test(hash) ? `"${hash.toLowerCase()}"` : undefined;
}

function headersOf(
  { filename, media_type }: StoredDocument,
  tag: string | undefined,
): Record<string, string> {
  return {
    'content-type': contentTypeOf(media_type),
    'content-disposition': attachment(filename),
    'content-security-policy': POLICY,
    'accept-ranges': 'bytes',
    // A browser asks again each time, because a key may have been revoked and a document replaced.
    'cache-control': 'private, no-cache',
    ...(tag !== undefined && { etag: tag }),
  };
}

const text = { schema: { type: 'string' } };
const described = { ETag: text, 'Content-Disposition': text, 'Accept-Ranges': text };
const bytes = { '*/*': { schema: { type: 'string', format: 'binary' } } };

/** Describes the route for OpenAPI. */
export const documentContentOperations: Operations = {
  'GET /api/documents/:id/content': {
    operationId: 'getContent',
    summary: 'The original file, or a range of it; a cut response means that the stored file has changed',
    parameters: [header('Range'), header('If-Range'), header('If-None-Match')],
    responses: {
      200: { description: 'The whole file, in the type of the document', headers: described, content: bytes },
      206: {
        description: 'The bytes that `Range` names',
        headers: { ...described, 'Content-Range': text },
        content: bytes,
      },
      304: { description: 'Not changed since the ETag in If-None-Match' },
    },
    problems: [
      'document_not_found',
      'file_gone',
      'range_not_satisfiable',
      'storage_unavailable',
      'queue_unavailable',
    ],
  },
};
