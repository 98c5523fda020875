import { toJsonSchema } from '@valibot/to-json-schema';
import type * as v from 'valibot';

import {
  ChunkListSchema,
  DocumentListSchema,
  DocumentQuerySchema,
  DocumentSchema,
  PageQuerySchema,
  SearchRequestSchema,
  SearchResponseSchema,
} from '../contract/documents.ts';
import { JobSchema } from '../contract/job.ts';
import { JobListSchema, JobQuerySchema, StatsSchema } from '../contract/jobs.ts';
import { PROBLEMS, ProblemSchema, type ProblemCode } from '../contract/problem.ts';
import { SettingsSchema } from '../contract/settings.ts';
import { UPLOAD_FIELD_PROBLEMS, UploadAcceptedSchema, UploadFieldsSchema } from '../contract/upload.ts';

type JsonSchema = Record<string, unknown>;

/** The JSON Schema of what goes over the wire: input for requests, output for answers. */
function schemaOf(schema: v.GenericSchema, typeMode: 'input' | 'output'): JsonSchema {
  // A regular expression or a check beyond JSON Schema is left out rather than failing the whole document.
  const { $schema: _, ...rest } = toJsonSchema(schema, { typeMode, errorMode: 'ignore' });
  return rest;
}

function json(name: string) {
  return { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } };
}

function problems(...codes: ProblemCode[]) {
  const byStatus = Map.groupBy(codes, (code) => String(PROBLEMS[code].status));
  return Object.fromEntries(
    [...byStatus].map(([status, some]) => [
      status,
      {
        description: some.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join('. '),
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    ]),
  );
}

function query(schema: v.GenericSchema) {
  const { properties = {} } = schemaOf(schema, 'input') as { properties?: Record<string, JsonSchema> };
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', required: false, schema }));
}

const idInPath = { name: 'id', in: 'path', required: true, schema: { type: 'string' } };

function jobRead(operationId: string) {
  return {
    get: {
      operationId,
      summary: 'What a job is now',
      parameters: [idInPath],
      responses: {
        200: {
          description: 'The job',
          headers: { ETag: { schema: { type: 'string' } } },
          content: json('Job'),
        },
        304: { description: 'Not changed since the ETag in If-None-Match' },
        ...problems('job_not_found', 'queue_unavailable'),
      },
    },
  };
}

/** The API's description, made from the schemas that the server itself checks with. */
export const openApiDocument = {
  openapi: '3.1.0',
  info: {
    title: 'Sluice',
    version: '1',
    description: 'Upload documents, watch them being ingested, search them.',
  },
  paths: {
    '/api/documents/upload': {
      post: {
        operationId: 'uploadDocument',
        summary: 'Upload a document; it is processed in the background',
        parameters: [
          {
            name: 'Idempotency-Key',
            in: 'header',
            required: false,
            schema: { type: 'string', maxLength: 255 },
          },
        ],
        requestBody: {
          required: true,
          content: {
            'multipart/form-data': {
              schema: {
                ...schemaOf(UploadFieldsSchema, 'input'),
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
            headers: { Location: { schema: { type: 'string' } } },
            content: json('UploadAccepted'),
          },
          ...problems(
            ...Object.values(UPLOAD_FIELD_PROBLEMS),
            'missing_file',
            'too_many_files',
            'empty_file',
            'malformed_multipart',
            'upload_interrupted',
            'invalid_request',
            'idempotency_key_reused',
            'origin_forbidden',
            'file_too_large',
            'field_too_large',
            'not_multipart',
            'storage_unavailable',
            'queue_unavailable',
          ),
        },
      },
    },
    '/api/jobs': {
      get: {
        operationId: 'listJobs',
        summary: 'The jobs, newest first',
        parameters: query(JobQuerySchema),
        responses: {
          200: { description: 'One page', content: json('JobList') },
          ...problems('invalid_request', 'invalid_cursor', 'queue_unavailable'),
        },
      },
    },
    '/api/jobs/{id}': jobRead('getJob'),
    '/api/jobs/{id}/cancel': {
      post: {
        operationId: 'cancelJob',
        summary: 'Cancel a job that has not ended; one that is cancelled already stays so',
        parameters: [idInPath],
        responses: {
          200: { description: 'The job, cancelled', content: json('Job') },
          ...problems('job_not_found', 'job_has_ended', 'queue_unavailable'),
        },
      },
    },
    '/api/jobs/{id}/retry': {
      post: {
        operationId: 'retryJob',
        summary: 'Run a failed or cancelled job again; one that is under way goes on',
        parameters: [idInPath],
        responses: {
          200: { description: 'The job, queued again or under way', content: json('Job') },
          ...problems(
            'job_not_found',
            'job_not_failed',
            'file_gone',
            'storage_unavailable',
            'queue_unavailable',
          ),
        },
      },
    },
    '/api/jobs/{id}/status': jobRead('getJobStatus'),
    '/jobs/{id}/status': jobRead('getJobStatusShort'),
    '/api/documents': {
      get: {
        operationId: 'listDocuments',
        summary: 'The documents, newest first',
        parameters: query(DocumentQuerySchema),
        responses: {
          200: { description: 'One page', content: json('DocumentList') },
          ...problems('invalid_request', 'invalid_cursor', 'queue_unavailable'),
        },
      },
    },
    '/api/documents/{id}': {
      get: {
        operationId: 'getDocument',
        summary: 'One document',
        parameters: [idInPath],
        responses: {
          200: { description: 'The document', content: json('Document') },
          ...problems('document_not_found', 'queue_unavailable'),
        },
      },
    },
    '/api/documents/{id}/chunks': {
      get: {
        operationId: 'listChunks',
        summary: "A document's chunks in their order",
        parameters: [idInPath, ...query(PageQuerySchema)],
        responses: {
          200: { description: 'One page', content: json('ChunkList') },
          ...problems('invalid_request', 'invalid_cursor', 'document_not_found', 'vector_store_unavailable'),
        },
      },
    },
    '/api/search': {
      post: {
        operationId: 'search',
        summary: 'Find the chunks nearest in meaning to a query',
        requestBody: { required: true, content: json('SearchRequest') },
        responses: {
          200: { description: 'The results, best first', content: json('SearchResponse') },
          ...problems(
            'invalid_request',
            'collection_not_found',
            'embedding_mismatch',
            'body_too_large',
            'processor_unavailable',
            'vector_store_unavailable',
          ),
        },
      },
    },
    '/api/stats': {
      get: {
        operationId: 'getStats',
        summary: 'How the queue is doing',
        responses: {
          200: { description: 'The statistics', content: json('Stats') },
          ...problems('queue_unavailable'),
        },
      },
    },
    '/metrics': {
      get: {
        operationId: 'getMetrics',
        summary: 'The statistics for Prometheus',
        responses: { 200: { description: 'Text format 0.0.4' }, ...problems('queue_unavailable') },
      },
    },
    '/api/settings': {
      get: {
        operationId: 'getSettings',
        summary: 'What the web page needs to know',
        responses: { 200: { description: 'The settings', content: json('Settings') } },
      },
    },
    '/healthz': {
      get: {
        operationId: 'health',
        summary: 'The process answers',
        responses: { 200: { description: 'It does' } },
      },
    },
    '/readyz': {
      get: {
        operationId: 'readiness',
        summary: 'The process can do its work',
        responses: { 200: { description: 'It can' }, 503: { description: 'A check failed' } },
      },
    },
  },
  components: {
    schemas: {
      Job: schemaOf(JobSchema, 'output'),
      JobList: schemaOf(JobListSchema, 'output'),
      Stats: schemaOf(StatsSchema, 'output'),
      UploadAccepted: schemaOf(UploadAcceptedSchema, 'output'),
      Document: schemaOf(DocumentSchema, 'output'),
      DocumentList: schemaOf(DocumentListSchema, 'output'),
      ChunkList: schemaOf(ChunkListSchema, 'output'),
      SearchRequest: schemaOf(SearchRequestSchema, 'input'),
      SearchResponse: schemaOf(SearchResponseSchema, 'output'),
      Settings: schemaOf(SettingsSchema, 'output'),
      Problem: schemaOf(ProblemSchema, 'output'),
    },
  },
};
