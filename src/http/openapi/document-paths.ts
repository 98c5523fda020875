import { DocumentQuerySchema, PageQuerySchema } from '../../contract/documents.ts';
import { JOB_TOKEN_WANTED } from '../../contract/ticket.ts';
import { UPLOAD_FIELD_PROBLEMS, UploadFieldsSchema } from '../../contract/upload.ts';
import { header, idInPath, json, problems, query, schemaOf, type JsonSchema } from './parts.ts';

export const documentPaths = {
  '/api/documents/upload': {
    post: {
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
          },
          content: json('UploadAccepted'),
        },
        ...problems(
          ...Object.values(UPLOAD_FIELD_PROBLEMS),
          'missing_file',
          'too_many_files',
          'empty_file',
          'malformed_multipart',
          'upload_interrupted',
          'upload_too_slow',
          'invalid_request',
          'idempotency_key_reused',
          'forbidden',
          'host_forbidden',
          'origin_forbidden',
          'file_too_large',
          'body_too_large',
          'field_too_large',
          'not_multipart',
          'disk_full',
          'storage_unavailable',
          'installation_mismatch',
          'queue_unavailable',
        ),
      },
    },
  },
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
  '/api/documents/{id}/reindex': {
    post: {
      operationId: 'reindexDocument',
      summary:
        'Index a document again from its original; the response names the job under way if there is one',
      parameters: [idInPath],
      responses: {
        202: {
          description:
            'Accepted: the job is queued or under way; Sluice serves the present chunks until it has completed',
          headers: { Location: { schema: { type: 'string' } } },
          content: json('UploadAccepted'),
        },
        ...problems(
          'document_not_found',
          'file_gone',
          'storage_unavailable',
          'installation_mismatch',
          'queue_unavailable',
        ),
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
          'request_too_slow',
          'body_too_large',
          'processor_unavailable',
          'vector_store_unavailable',
        ),
      },
    },
  },
};
