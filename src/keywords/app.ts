import type { HttpBindings } from '@hono/node-server';
import { Hono, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';

import type { Guard } from '../access/guard.ts';
import { guardRequests } from '../access/guard-requests.ts';
import { requireSecret } from '../access/require-secret.ts';
import {
  INSTALLATION_HEADER,
  KeywordCompleteSchema,
  KeywordCountSchema,
  KeywordDeletionSchema,
  KeywordPageSchema,
  KeywordQuerySchema,
  KeywordUpsertSchema,
} from '../contract/services/keywords.ts';
import type { Logger } from '../logging/logger.ts';
import { KeywordError, parseRequest, problemResponse, toKeywordError } from './errors.ts';
import type { KeywordStore } from './keyword-store.ts';

/** Largest body, in bytes. It fits 500 chunks of the largest size. */
const MAX_BODY_BYTES = 40 * 1024 * 1024;

const DONE = { status: 'ok' } as const;

interface Environment {
  Bindings: HttpBindings;
}

export interface AppOptions {
  guard: Guard;
  /** Secret that each call must carry; absent for an open index. */
  secret: string | undefined;
  logger: Logger;
}

/** Creates the routes of `contract/services/keywords.ts`. */
export function createApp(store: KeywordStore, { guard, secret, logger }: AppOptions): Hono<Environment> {
  const app = new Hono<Environment>();
  app.use(guardRequests(guard));
  const refuse = () => {
    const detail = 'The index and its caller have different secrets: set the same KEYWORDS_SECRET for both.';
    return problemResponse(new KeywordError('wrong_secret', detail));
  };
  if (secret !== undefined) app.use(requireSecret(secret, refuse));
  const onError = () =>
    problemResponse(new KeywordError('body_too_large', `Send at most ${MAX_BODY_BYTES} bytes.`));
  app.use(bodyLimit({ maxSize: MAX_BODY_BYTES, onError }));

  // A read must not find another installation's chunks, nor seem healthy.
  app.use(async (c, next) => {
    const id = c.req.header(INSTALLATION_HEADER);
    if (id) store.ensureOwn(id);
    await next();
  });

  /** Admits writes of one installation alone. */
  const own: MiddlewareHandler<Environment> = async (c, next) => {
    const id = c.req.header(INSTALLATION_HEADER);
    if (!id) throw new KeywordError('invalid_request', `A write needs the header ${INSTALLATION_HEADER}.`);
    store.admit(id);
    await next();
  };
  app.post('/upsert', own, async (c) => {
    await store.upsert(parseRequest(KeywordUpsertSchema, await c.req.text()));
    return c.json(DONE);
  });
  app.post('/delete', own, async (c) => {
    await store.deleteGeneration(parseRequest(KeywordDeletionSchema, await c.req.text()));
    return c.json(DONE);
  });
  app.post('/complete', own, async (c) => {
    store.markComplete(parseRequest(KeywordCompleteSchema, await c.req.text()).collection);
    return c.json(DONE);
  });
  app.post('/count', async (c) => {
    return c.json({ counts: store.count(parseRequest(KeywordCountSchema, await c.req.text())) });
  });
  app.post('/query', async (c) => {
    return c.json(await store.query(parseRequest(KeywordQuerySchema, await c.req.text())));
  });
  app.post('/generations', async (c) => {
    return c.json(store.generations(parseRequest(KeywordPageSchema, await c.req.text())));
  });
  app.get('/collections', async (c) => c.json(await store.collections()));
  app.get('/health', (c) => {
    store.check();
    return c.json(DONE);
  });

  app.notFound(() => problemResponse(new KeywordError('not_found', 'There is no such call.')));
  app.onError((thrown, c) => {
    const error = toKeywordError(thrown);
    if (error.cause !== undefined) {
      logger.warn('a call failed', { code: error.code, call: c.req.path, error: error.cause });
    }
    return problemResponse(error);
  });
  return app;
}
