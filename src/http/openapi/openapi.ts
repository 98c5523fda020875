import {
  ChunkListSchema,
  DocumentListSchema,
  DocumentSchema,
  SearchRequestSchema,
  SearchResponseSchema,
} from '../../contract/documents.ts';
import { JobSchema } from '../../contract/job.ts';
import { JobListSchema, StatsSchema } from '../../contract/jobs.ts';
import { ProblemSchema } from '../../contract/problem.ts';
import { SettingsSchema } from '../../contract/settings.ts';
import { TicketSchema } from '../../contract/messages.ts';
import { UploadAcceptedSchema } from '../../contract/upload.ts';
import { requestWeight } from '../request-weight.ts';
import { documentPaths } from '../routes/documents.ts';
import { healthPaths } from '../routes/health.ts';
import { jobControlPaths } from '../routes/job-control.ts';
import { jobEventPaths } from '../routes/job-events.ts';
import { jobPaths } from '../routes/jobs.ts';
import { metricsPaths } from '../routes/metrics.ts';
import { searchPaths } from '../routes/search.ts';
import { settingsPaths } from '../routes/settings.ts';
import { statisticsPaths } from '../routes/statistics.ts';
import { uploadPaths } from '../routes/uploads.ts';
import { ticketPaths } from '../routes/ws-ticket.ts';
import { problems, schemaOf } from './parts.ts';
import { withRules, type Paths } from './with-rules.ts';

const paths = {
  ...uploadPaths,
  ...documentPaths,
  ...searchPaths,
  ...jobPaths,
  ...jobEventPaths,
  ...jobControlPaths,
  ...ticketPaths,
  ...statisticsPaths,
  ...metricsPaths,
  ...settingsPaths,
  ...healthPaths,
};

/** Adds `too_many_requests` to every operation that counts against a limit. */
function withLimits(paths: Paths): Paths {
  for (const [path, operations] of Object.entries(paths))
    for (const operation of Object.values(operations))
      if (requestWeight(path) > 0)
        operation.responses = { ...operation.responses, ...problems('too_many_requests') };
  return paths;
}

/** Describes the API, with the schemas that the server itself checks with. */
export const openApiDocument = {
  openapi: '3.1.0',
  info: {
    title: 'Sluice',
    version: '1',
    description:
      'Upload documents, watch them being ingested, search them. Every request may be refused with 403: `host_forbidden` for its Host, `origin_forbidden` for its Origin.',
  },
  paths: withRules(withLimits(paths)),
  components: {
    securitySchemes: {
      key: { type: 'http', scheme: 'bearer' },
      ticket: { type: 'apiKey', in: 'query', name: 'ticket' },
    },
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
      Ticket: schemaOf(TicketSchema, 'output'),
      Settings: schemaOf(SettingsSchema, 'output'),
      Problem: schemaOf(ProblemSchema, 'output'),
    },
  },
};
