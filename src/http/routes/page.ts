import { serveStatic } from '@hono/node-server/serve-static';
import { Hono } from 'hono';
import { secureHeaders } from 'hono/secure-headers';

/**
 * The web page, as `npm run setup` built it, with a policy that lets nothing foreign in. The API's answers go
 * without: headers that are set on a finished answer cost it more than all else that HTTP does.
 * @param folder where the built files lie
 */
export function pageRoutes(folder: string) {
  const policy = secureHeaders({
    contentSecurityPolicy: { defaultSrc: ["'self'"], connectSrc: ["'self'", 'ws:', 'wss:'] },
    // Whether the host is to be reached by TLS only is for whoever runs the TLS in front to say.
    strictTransportSecurity: false,
  });
  return new Hono().get('*', policy, serveStatic({ root: folder }));
}
