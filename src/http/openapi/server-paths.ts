import { json, problems } from './parts.ts';

/** What concerns the server itself. */
export const serverPaths = {
  '/api/ws-ticket': {
    post: {
      operationId: 'makeTicket',
      summary: 'A ticket that opens one socket (/ws?ticket=) or event stream within 30 s, once',
      responses: {
        200: { description: 'The ticket', content: json('Ticket') },
        ...problems('queue_unavailable'),
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
      summary: 'The statistics, and what this process measures, for Prometheus',
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
};
