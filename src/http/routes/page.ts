import { serveStatic } from '@hono/node-server/serve-static';
import { Hono } from 'hono';

/**
 * The web page, as `npm run setup` built it.
 * @param folder where the built files lie
 */
export function pageRoutes(folder: string) {
  return new Hono().get('*', serveStatic({ root: folder }));
}
