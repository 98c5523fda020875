import { serveStatic } from '@hono/node-server/serve-static';
import { Hono } from 'hono';
import { secureHeaders } from 'hono/secure-headers';

/**
 * Serves the web page, as `npm run setup` built it, with a policy that lets nothing foreign in.
 * @param folder where the built files lie
 * @param gatewayUrl where the page's WebSocket goes, if not to its own host
 */
export function pageRoutes(folder: string, gatewayUrl: string | undefined) {
  const policy = secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'self'"],
      // 'self' includes WebSockets of the page's own host.
      connectSrc: ["'self'", ...(gatewayUrl === undefined ? [] : [new URL(gatewayUrl).origin])],
      objectSrc: ["'none'"],
      baseUri: ["'none'"],
      // Scripts handle every form. Without them, what was typed must not end up in a URL.
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
    xFrameOptions: 'DENY',
    // Whether the host is to be reached by TLS only is for whoever runs the TLS in front to say.
    strictTransportSecurity: false,
  });
  return new Hono().get('*', policy, serveStatic({ root: folder }));
}
