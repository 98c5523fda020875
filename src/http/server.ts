import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';

/** Whoever connects has so long for the head of a request, be it an upgrade: for each, however slowly it drips in. */
const HEAD_TIMEOUT_MS = 20_000;
/** How often within that time those who are late are looked for. */
const HEAD_LOOKS = 4;
/** A connection on which nothing moves for so long is cut: an upload may be slow, but not silent. */
const IDLE_TIMEOUT_MS = 60_000;
const IDLE_LOOK_MS = 20;

/** Connections that close after the response under way. */
const closingSockets = new WeakSet<Socket>();

/**
 * Closes a request's connection after its response. The requests that follow on it reach no route, so a flood over one
 * connection gets one response. A request with a body keeps its connection, because a client that still sends may lose the
 * response to a reset.
 */
export function closeAfterResponse(request: IncomingMessage, response: ServerResponse): void {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  if (Number(length ?? 0) > 0 || encoding !== undefined || response.headersSent) return;
  closingSockets.add(request.socket);
  response.setHeader('connection', 'close');
}

export interface HttpServer {
  /** For the gateway, which takes the upgrades. */
  server: Server;
  port: number;
  /** Stops accepting, lets answers under way end, and cuts what is left after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/**
 * Listens.
 * @param headTimeoutMs after so long, and a quarter of it, a connection that has not sent a request's head is cut
 * @throws the system's error, e.g. `EADDRINUSE`
 */
export async function startServer(
  app: Pick<Parameters<typeof createAdaptorServer>[0], 'fetch'>,
  address: { host: string; port: number },
  headTimeoutMs = HEAD_TIMEOUT_MS,
): Promise<HttpServer> {
  // Its own Request in place of the global one would break every other user of fetch in this process.
  const server = createAdaptorServer({
    fetch: app.fetch,
    overrideGlobalObjects: false,
    createServer: ((
      options: object,
      listener: (request: IncomingMessage, response: ServerResponse) => void,
    ) =>
      createServer(options, (request, response) => {
        if (!closingSockets.has(request.socket)) return listener(request, response);
        // No client gets this. Without a response Node would read on without limit: it pauses a client by the bytes of
        // the responses that wait. 762,000 requests behind an open stream took 1.2 GB.
        response.writeHead(429).end();
      })) as typeof createServer,
    // Replaces a missing Host, so that the guard can refuse such a request with its reason.
    hostname: 'localhost',
    serverOptions: {
      // Some clients offer HTTP/2 in their first request; taken for an upgrade, it would get no response.
      shouldUpgradeCallback: ({ headers }) => /^websocket$/i.test(headers.upgrade ?? ''),
      headersTimeout: headTimeoutMs,
      connectionsCheckingInterval: headTimeoutMs / HEAD_LOOKS,
      // Node's five minutes for a whole request would cut off a large upload on a slow line.
      requestTimeout: 0,
    },
  }) as Server;
  // Not `server.timeout`: a socket would keep its timer as a WebSocket, too.
  server.on('request', ({ socket }) => socket.setTimeout(IDLE_TIMEOUT_MS));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host, resolve);
  });
  return {
    server,
    port: (server.address() as AddressInfo).port,
    async close(graceMs) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // A connection that is kept alive is idle once its response has gone.
      const idle = setInterval(() => server.closeIdleConnections(), IDLE_LOOK_MS);
      const grace = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearInterval(idle);
      clearTimeout(grace);
    },
  };
}
