import { serveStatic } from '@hono/node-server/serve-static';
import { Hono, type MiddlewareHandler } from 'hono';
import { etag } from 'hono/etag';
import { secureHeaders } from 'hono/secure-headers';

/** Lets a browser keep a file for a year, in seconds. */
const FOREVER = 'public, max-age=31536000, immutable';

/**
 * Serves the web page that `npm run setup` built. Its content security policy admits no foreign sources.
 * @param folder where the built files lie
 * @param gatewayUrl address of the page's WebSocket, if it is not on the page's host
 */
export function pageRoutes(folder: string, gatewayUrl: string | undefined) {
  const policy = secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'self'"],
      // 'self' includes WebSockets of the page's own host.
      connectSrc: ["'self'", ...(gatewayUrl === undefined ? [] : [new URL(gatewayUrl).origin])],
      objectSrc: ["'none'"],
      baseUri: ["'none'"],
      // Scripts handle every form. Without scripts, a typed key must not end up in a URL.
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
    xFrameOptions: 'DENY',
    // The operator of the TLS proxy decides whether the host takes only TLS.
    strictTransportSecurity: false,
  });
  const files = { root: folder, precompressed: true };
  return new Hono()
    .get('/docs', policy, cacheControl, etag(), wholeFiles, serveStatic({ ...files, path: 'docs.html' }))
    .get('*', policy, cacheControl, etag(), wholeFiles, declarationsAsText, serveStatic(files));
}

/**
 * Ignores `Range`, as RFC 9110 allows. `etag` hashes the sent bytes, so that a part would have a tag of its own, and a client
 * would join parts of two versions.
 */
const wholeFiles: MiddlewareHandler = async (c, next) => {
  c.req.raw.headers.delete('range');
  await next();
};

/**
 * Names how long a browser may keep a file. The name of an asset changes with its content. A browser must
 * ask for other files each time, because an upgrade of the page would not reach it otherwise.
 */
const cacheControl: MiddlewareHandler = async (c, next) => {
  await next();
  if (c.res.ok || c.res.status === 304)
    c.header('cache-control', c.req.path.startsWith('/assets/') ? FOREVER : 'no-cache');
};

/** Corrects the type of the SDK's declarations. By its ending alone, the file would be a video. */
const declarationsAsText: MiddlewareHandler = async (c, next) => {
  await next();
  if (c.res.ok && c.req.path.endsWith('.d.ts')) c.header('content-type', 'text/plain; charset=utf-8');
};
