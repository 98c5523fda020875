import { JobQuerySchema, JobWaitSchema } from '../../contract/jobs.ts';
import { header, idInPath, json, problems, query } from './parts.ts';

function jobRead(operationId: string) {
  return {
    get: {
      operationId,
      summary: 'What a job is now',
      parameters: [idInPath, ...query(JobWaitSchema), header('If-None-Match')],
      responses: {
        200: {
          description: 'The job',
          headers: { ETag: { schema: { type: 'string' } }, 'Retry-After': { schema: { type: 'integer' } } },
          content: json('Job'),
        },
        304: {
          description: 'Not changed since the ETag in If-None-Match, for `wait` seconds or HEARTBEAT_MS',
        },
        ...problems('invalid_request', 'job_not_found', 'queue_unavailable'),
      },
    },
  };
}

export const jobPaths = {
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
  '/api/jobs/{id}/events': {
    get: {
      operationId: 'followJob',
      summary: 'The job as server-sent events, until it has ended',
      parameters: [idInPath, header('Last-Event-ID')],
      responses: {
        200: { description: "Each event's data is the job", content: { 'text/event-stream': {} } },
        204: { description: 'The state named in Last-Event-ID was the last' },
        ...problems('job_not_found', 'queue_unavailable'),
      },
    },
  },
  '/api/jobs/{id}/cancel': {
    post: {
      operationId: 'cancelJob',
      summary: 'Cancel a job that has not ended; one that is cancelled already stays so',
      parameters: [idInPath],
      responses: {
        200: { description: 'The job: `failed`, with `cancelled` as its `error_code`', content: json('Job') },
        ...problems(
          'job_not_found',
          'job_has_ended',
          'storage_unavailable',
          'installation_mismatch',
          'queue_unavailable',
        ),
      },
    },
  },
  '/api/jobs/{id}/retry': {
    post: {
      operationId: 'retryJob',
      summary: 'Run a failed or cancelled job again, or retry a waiting job now; an active job continues',
      parameters: [idInPath],
      responses: {
        200: { description: 'The job, queued again or under way', content: json('Job') },
        ...problems(
          'job_not_found',
          'job_not_failed',
          'file_gone',
          'disk_full',
          'storage_unavailable',
          'installation_mismatch',
          'queue_unavailable',
        ),
      },
    },
  },
  '/api/jobs/{id}/status': jobRead('getJobStatus'),
  '/jobs/{id}/status': jobRead('getJobStatusShort'),
};
