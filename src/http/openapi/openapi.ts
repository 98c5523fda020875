import { BatchCancelSchema, BatchRetrySchema, BatchViewSchema } from '../../contract/batches/batch.ts';
import {
  ChunkListSchema,
  CollectionDeletionSchema,
  CollectionListSchema,
  CollectionSchema,
  DocumentListSchema,
  DocumentSchema,
  DocumentSelectionSchema,
} from '../../contract/documents.ts';
import { SearchRequestSchema, SearchResponseSchema } from '../../contract/search.ts';
import { JobSchema, TimelineSchema } from '../../contract/job.ts';
import {
  BulkResultSchema,
  DeletionResultSchema,
  JobListSchema,
  JobSelectionSchema,
  StatsSchema,
} from '../../contract/jobs.ts';
import {
  EmbeddingsRequestSchema,
  EmbeddingsResponseSchema,
  ModelListSchema,
  OpenAiErrorSchema,
} from '../../contract/openai.ts';
import { ProblemSchema } from '../../contract/problem.ts';
import { SettingsSchema } from '../../contract/settings.ts';
import { TicketSchema } from '../../contract/messages.ts';
import { DocumentEditSchema, UploadAcceptedSchema } from '../../contract/upload.ts';
import { eventOperations } from '../events/event-routes.ts';
import { openAiOperations } from '../openai/openai-routes.ts';
import { batchOperations } from '../routes/batches/batches.ts';
import { collectionOperations } from '../routes/collections.ts';
import { documentContentOperations } from '../routes/document-content.ts';
import { documentOperations } from '../routes/documents.ts';
import { healthOperations } from '../routes/health.ts';
import { jobControlOperations } from '../routes/job-control.ts';
import { jobEventOperations } from '../routes/job-events.ts';
import { jobOperations } from '../routes/jobs.ts';
import { metricsOperations } from '../routes/metrics.ts';
import { searchOperations } from '../routes/search.ts';
import { settingsOperations } from '../routes/settings.ts';
import { statisticsOperations } from '../routes/statistics.ts';
import { timelineOperations } from '../routes/timeline/timeline.ts';
import { uploadOperations } from '../routes/uploads.ts';
import { ticketOperations } from '../routes/ws-ticket.ts';
import { schemaOf } from './parts.ts';
import { TAGS, toPaths, type Operations } from './to-paths.ts';

/** Describes every operation by its method and path. */
export const operations: Operations = {
  ...uploadOperations,
  ...documentOperations,
  ...documentContentOperations,
  ...collectionOperations,
  ...searchOperations,
  ...openAiOperations,
  ...jobOperations,
  ...timelineOperations,
  ...jobEventOperations,
  ...eventOperations,
  ...jobControlOperations,
  ...batchOperations,
  ...ticketOperations,
  ...statisticsOperations,
  ...metricsOperations,
  ...settingsOperations,
  ...healthOperations,
};

/** Describes the API, with the schemas that the server itself checks with. */
export const openApiDocument = {
  openapi: '3.1.0',
  info: {
    title: 'Sluice',
    version: '1',
    license: { name: 'MIT', identifier: 'MIT' },
    description:
      'Upload documents, watch them being ingested, search them. Every request may be refused with 403: `host_forbidden` for its Host, `origin_forbidden` for its Origin. A route refuses parameters and body fields that it does not describe. It also refuses a parameter given twice, and a body where it describes none. Routes whose responses describe the header Sluice-Ignored accept unknown names, and name them there. Probes, metrics and this document take any parameter.',
  },
  servers: [{ url: '/' }],
  tags: TAGS,
  paths: toPaths(operations),
  components: {
    securitySchemes: {
      key: { type: 'http', scheme: 'bearer' },
      ticket: { type: 'apiKey', in: 'query', name: 'ticket' },
    },
    schemas: {
      Job: schemaOf(JobSchema, 'output'),
      JobList: schemaOf(JobListSchema, 'output'),
      Timeline: schemaOf(TimelineSchema, 'output'),
      JobSelection: schemaOf(JobSelectionSchema, 'input'),
      Batch: schemaOf(BatchViewSchema, 'output'),
      BatchCancel: schemaOf(BatchCancelSchema, 'input'),
      BatchRetry: schemaOf(BatchRetrySchema, 'input'),
      BulkResult: schemaOf(BulkResultSchema, 'output'),
      Stats: schemaOf(StatsSchema, 'output'),
      UploadAccepted: schemaOf(UploadAcceptedSchema, 'output'),
      Document: schemaOf(DocumentSchema, 'output'),
      DocumentEdit: schemaOf(DocumentEditSchema, 'input'),
      DocumentSelection: schemaOf(DocumentSelectionSchema, 'input'),
      DeletionResult: schemaOf(DeletionResultSchema, 'output'),
      DocumentList: schemaOf(DocumentListSchema, 'output'),
      Collection: schemaOf(CollectionSchema, 'output'),
      CollectionDeletion: schemaOf(CollectionDeletionSchema, 'output'),
      CollectionList: schemaOf(CollectionListSchema, 'output'),
      ChunkList: schemaOf(ChunkListSchema, 'output'),
      SearchRequest: schemaOf(SearchRequestSchema, 'input'),
      SearchResponse: schemaOf(SearchResponseSchema, 'output'),
      EmbeddingsRequest: schemaOf(EmbeddingsRequestSchema, 'input'),
      EmbeddingsResponse: schemaOf(EmbeddingsResponseSchema, 'output'),
      ModelList: schemaOf(ModelListSchema, 'output'),
      Ticket: schemaOf(TicketSchema, 'output'),
      Settings: schemaOf(SettingsSchema, 'output'),
      Problem: schemaOf(ProblemSchema, 'output'),
      OpenAiError: schemaOf(OpenAiErrorSchema, 'output'),
    },
  },
};
