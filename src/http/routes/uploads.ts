import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';

import type { AccessEnvironment } from '../../access/authorize-requests.ts';
import { AppError } from '../../errors.ts';
import { admitUpload } from '../../documents/collections/admit-upload.ts';
import { acceptUpload } from '../../uploads/accept-upload.ts';
import type { ApiOptions, ApiServices } from '../api-services.ts';
import { ignoredHeader } from '../unknown-names/ignored-header.ts';
import { splitQuery } from '../unknown-names/query-names.ts';
import { IGNORED, STORE_PROBLEMS, header, json, schemaOf, type JsonSchema } from '../openapi/parts.ts';
import {
  JOB_TOKEN_HEADER,
  JOB_TOKEN_WANTED,
  UPLOAD_FIELD_PROBLEMS,
  UploadFieldsSchema,
} from '../../contract/upload.ts';
import type { Operations } from '../openapi/to-paths.ts';

/** Serves `POST /api/documents/upload`. */
export function uploadRoutes(
  services: ApiServices,
  { uploadLimits: limits, clientOf, publicPath }: ApiOptions,
) {
  const own = { ...services, connection: services.uploadConnection, queue: services.uploadQueue };
  return new Hono<AccessEnvironment>().post('/api/documents/upload', async (c) => {
    // Reads the request as a Node stream, which goes straight to the disk at the disk's pace.
    const idempotencyKey = c.req.header('idempotency-key');
    if (idempotencyKey !== undefined && !/^[\x21-\x7e]{1,255}$/.test(idempotencyKey)) {
      throw new AppError('invalid_request', 'Idempotency-Key: must have 1 to 255 visible ASCII characters');
    }
    const wanted = c.req.header(JOB_TOKEN_HEADER);
    if (wanted !== undefined && wanted !== JOB_TOKEN_WANTED) {
      throw new AppError('invalid_request', `Sluice-Job-Token: must be "${JOB_TOKEN_WANTED}"`);
    }
    const principal = c.get('principal');
    const { incoming } = c.env;
    const client = clientOf(incoming, principal);
    await services.liveJobs.admit(client);
    const body = services.limiter.body(client);
    const { tenant } = principal;
    const admit = (collection: string) => admitUpload(tenant, collection, idempotencyKey, services);
    const asked = { tenant, limits, body, idempotencyKey, admit };
    const { accepted, ignored } = await acceptUpload(incoming, { ...own, ...asked }).finally(() =>
      body.end(),
    );
    services.liveJobs.add(client, accepted.job_id);
    // Writes straight to the socket, because a Response object costs as much as the queue.
    const { outgoing } = c.env;
    outgoing.setHeaders(c.res.headers);
    const location = `${publicPath}/api/jobs/${accepted.job_id}`;
    const headers: Record<string, string> = {
      'content-type': 'application/json',
      location,
      ...ignoredHeader([...splitQuery(c, []).unknown, ...ignored]),
    };
    if (wanted) headers[JOB_TOKEN_HEADER] = await services.access.makeJobToken(principal, accepted.job_id);
    outgoing.writeHead(202, headers).end(JSON.stringify(accepted));
    return RESPONSE_ALREADY_SENT;
  });
}

/** Describes the route for OpenAPI. */
export const uploadOperations: Operations = {
  'POST /api/documents/upload': {
    operationId: 'uploadDocument',
    summary: 'Upload a document; it is processed in the background',
    parameters: [
      header('Idempotency-Key', { type: 'string', maxLength: 255 }),
      header('Sluice-Job-Token', { const: JOB_TOKEN_WANTED }),
    ],
    requestBody: {
      required: true,
      content: {
        'multipart/form-data': {
          schema: {
            ...schemaOf(UploadFieldsSchema, 'input'),
            description:
              'Other fields are accepted, and named in Sluice-Ignored. A field whose name is close to one of these is refused.',
            properties: {
              file: { type: 'string', format: 'binary' },
              ...(schemaOf(UploadFieldsSchema, 'input')['properties'] as JsonSchema),
            },
            required: ['file'],
          },
        },
      },
    },
    responses: {
      202: {
        description: 'Accepted: the file is stored and its job queued',
        headers: {
          Location: { schema: { type: 'string' } },
          'Sluice-Job-Token': {
            description: 'Reads this job alone, for a day; there if the request asked for it',
            schema: { type: 'string' },
          },
          ...IGNORED,
        },
        content: json('UploadAccepted'),
      },
    },
    problems: [
      ...Object.values(UPLOAD_FIELD_PROBLEMS),
      'misspelled_field',
      'missing_file',
      'too_many_files',
      'empty_file',
      'malformed_multipart',
      'upload_interrupted',
      'upload_too_slow',
      'invalid_request',
      'embedding_mismatch',
      'idempotency_key_reused',
      'batch_full',
      'forbidden',
      'host_forbidden',
      'origin_forbidden',
      'file_too_large',
      'body_too_large',
      'field_too_large',
      'not_multipart',
      'disk_full',
      ...STORE_PROBLEMS,
    ],
  },
};
