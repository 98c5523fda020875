import { serveStatic } from '@hono/node-server/serve-static';
import { Hono, type MiddlewareHandler } from 'hono';
import { secureHeaders } from 'hono/secure-headers';

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
  return new Hono()
    .get('/docs', policy, serveStatic({ root: folder, path: 'docs.html' }))
    .get('*', policy, declarationsAsText, serveStatic({ root: folder }));
}

/** Corrects the type of the SDK's declarations. By its ending alone, the file would be a video. */
const declarationsAsText: MiddlewareHandler = async (c, next) => {
  await next();
  if (c.res.ok && c.req.path.endsWith('.d.ts')) c.header('content-type', 'text/plain; charset=utf-8');
};
