import { Hono, type Context } from 'hono';
import { cors } from 'hono/cors';

import { authorizeRequests, type AccessEnvironment } from '../access/authorize-requests.ts';
import { guardRequests } from '../access/guard-requests.ts';
import { problemResponse } from '../access/problem-response.ts';
import { isKeyed, type Principal } from '../access/principal.ts';
import { JOB_TOKEN_HEADER } from '../contract/upload.ts';
import { AppError } from '../errors.ts';
import type { Subject } from '../limits/client-address.ts';
import { eventRoutes } from './events/event-routes.ts';
import { asyncApiDocument } from './openapi/asyncapi.ts';
import { openApiDocument, operations } from './openapi/openapi.ts';
import type { ApiOptions, ApiServices } from './api-services.ts';
import { toProblemResponse } from './problem.ts';
import { ROUTE_RULES } from './route-rules.ts';
import { queueMetrics } from './queue-metrics.ts';
import { closeAfterResponse } from './server.ts';
import { openAiErrors } from './openai/openai-errors.ts';
import { openAiRoutes } from './openai/openai-routes.ts';
import { collectionRoutes } from './routes/collections.ts';
import { batchRoutes } from './routes/batches/batches.ts';
import { documentContentRoutes } from './routes/document-content.ts';
import { documentRoutes } from './routes/documents.ts';
import type { healthRoutes } from './routes/health.ts';
import { jobControlRoutes } from './routes/job-control.ts';
import { jobEventRoutes } from './routes/job-events.ts';
import { jobRoutes } from './routes/jobs.ts';
import { timelineRoutes } from './routes/timeline/timeline.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { pageRoutes } from './routes/page.ts';
import { searchRoutes } from './routes/search.ts';
import { settingsRoutes } from './routes/settings.ts';
import { statisticsRoutes } from './routes/statistics.ts';
import { ticketRoutes } from './routes/ws-ticket.ts';
import { uploadRoutes } from './routes/uploads.ts';
import { isList, isProbe, requestWeight } from './request-weight.ts';
import { IGNORED_HEADER } from './unknown-names/ignored-header.ts';
import { refuseUnknown } from './unknown-names/refuse-unknown.ts';

/** Longest wait of a writing request, in ms: for Redis to return, or for the first comparison of the stores. */
const ADMISSION_MS = 3000;

/** Makes the app of the `api` role: the HTTP API and the web page. */
export function createApp(
  services: ApiServices,
  health: ReturnType<typeof healthRoutes>,
  options: ApiOptions,
) {
  const app = new Hono<AccessEnvironment>();
  const { publicPath } = options;
  const servers = publicPath ? { servers: [{ url: publicPath }] } : {};
  // Serialized once, because it takes 3 ms.
  const openApi = JSON.stringify({ ...openApiDocument, ...servers });
  const asyncApi = JSON.stringify(asyncApiDocument);
  // Comes first, because it converts the refusals of all that follow.
  app.use('/v1/*', openAiErrors);
  app.use(guardRequests(options.guard, closeAfterResponse));
  if (options.allowedOrigins.length > 0) {
    const origin = [...options.allowedOrigins];
    app.use(
      cors({
        origin,
        exposeHeaders: [
          'Location',
          'ETag',
          'Accept-Ranges',
          'Content-Range',
          'Content-Disposition',
          'Retry-After',
          'RateLimit',
          'RateLimit-Policy',
          'WWW-Authenticate',
          JOB_TOKEN_HEADER,
          IGNORED_HEADER,
        ],
      }),
    );
  }

  const { limiter } = services;
  const count = (c: Context<AccessEnvironment>, client: Subject) => {
    const { method, path } = c.req;
    try {
      if (isProbe(path)) limiter.probe(client);
      else limiter.request(client, requestWeight(method, path));
    } catch (error) {
      closeAfterResponse(c.env.incoming, c.env.outgoing);
      throw error;
    }
  };
  // Counts the address before the key is checked, so that a client cannot guess keys at speed.
  app.use(async (c, next) => {
    count(c, options.clientOf(c.env.incoming));
    await next();
  });
  app.use(authorizeRequests(services.access, ROUTE_RULES));
  app.use(async (c, next) => {
    const principal = c.get('principal') as Principal | undefined;
    const client = options.clientOf(c.env.incoming, principal);
    // The middleware above has counted the address.
    if (principal && isKeyed(principal)) count(c, client);
    if (!isList(c.req.method, c.req.path)) return next();
    const leave = await limiter.list(client);
    try {
      await next();
    } finally {
      leave();
    }
  });
  app.use(refuseUnknown(operations, ROUTE_RULES));
  app.use('/api/*', async (c, next) => {
    // Decides before it reads the body, so that a client sends no upload that the api refuses.
    if (writes(c.req.method, c.req.path)) await services.installation.admit(ADMISSION_MS);
    await next();
  });
  app.route('/', health);
  app.route('/', uploadRoutes(services, options));
  app.route('/', jobRoutes(services, options.heartbeatMs));
  app.route('/', timelineRoutes(services));
  app.route('/', jobEventRoutes(services, options));
  app.route('/', eventRoutes(services, options));
  app.route('/', jobControlRoutes(services));
  app.route('/', batchRoutes(services));
  app.route('/', ticketRoutes(services.access));
  app.route('/', statisticsRoutes(services));
  app.route('/', metricsRoutes(services.metrics, queueMetrics(services.redis, services.keys)));
  app.route('/', documentRoutes(services, publicPath));
  app.route('/', documentContentRoutes(services, options));
  app.route('/', collectionRoutes(services, publicPath));
  app.route('/', searchRoutes(services));
  app.route('/', openAiRoutes(services, options));
  app.route('/', settingsRoutes(options.settings));
  app.get('/openapi.json', (c) => c.body(openApi, 200, { 'content-type': 'application/json' }));
  app.get('/asyncapi.json', (c) => c.body(asyncApi, 200, { 'content-type': 'application/json' }));
  refuseOtherMethods(app);
  app.route('/', pageRoutes(options.pageFolder, options.settings.gateway_url));

  app.notFound((c) =>
    toProblemResponse(new AppError('not_found', `There is nothing at ${c.req.path}.`), services.logger),
  );
  // The server drains the rest of a refused body for a moment. A connection closed at once would be reset, and the
  // client would lose the response.
  app.onError((error) => toProblemResponse(error, services.logger));
  return app;
}

/** Paths of POST routes that change no stored document or job. */
const READING_POSTS = ['/api/search', '/api/ws-ticket'];

/** Returns whether a request may write. */
function writes(method: string, path: string): boolean {
  return method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS' && !READING_POSTS.includes(path);
}

/** Refuses other methods of a known address with 405. Hono alone would respond with 404. */
function refuseOtherMethods(app: Hono<AccessEnvironment>): void {
  const methods = new Map<string, string[]>();
  for (const { path, method } of app.routes) {
    if (method !== 'ALL') methods.set(path, [...(methods.get(path) ?? []), method]);
  }
  for (const [path, allowed] of methods) {
    app.all(path, () => {
      const allow = allowed.join(', ');
      return problemResponse('method_not_allowed', `${path} takes ${allow}.`, { allow });
    });
  }
}
