import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';

import { hasBody } from './read-body.ts';

/** Time in ms for the head of each request or upgrade, even if bytes still arrive. */
const HEAD_TIMEOUT_MS = 20_000;
/** Checks for late connections within that time. */
const HEAD_LOOKS = 4;
/** Longest silence of a connection, in ms. An upload may be slow, but not silent. */
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
  if (hasBody(request) || response.headersSent) return;
  closingSockets.add(request.socket);
  response.setHeader('connection', 'close');
}

export interface HttpServer {
  /** The gateway takes its upgrades. */
  server: Server;
  port: number;
  /** Stops accepting, lets responses under way end, and cuts the rest after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/**
 * Starts a server.
 * @param headTimeoutMs time in ms for a request's head. The server cuts a late connection within another quarter of it
 * @throws the system's error, for example `EADDRINUSE`
 */
export async function startServer(
  app: Pick<Parameters<typeof createAdaptorServer>[0], 'fetch'>,
  address: { host: string; port: number },
  headTimeoutMs = HEAD_TIMEOUT_MS,
): Promise<HttpServer> {
  // Keeps the global Request, because a replacement breaks every other user of fetch in this process.
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
      // Some clients offer HTTP/2 in their first request. As an upgrade, it would get no response.
      shouldUpgradeCallback: ({ headers }) => /^websocket$/i.test(headers.upgrade ?? ''),
      headersTimeout: headTimeoutMs,
      connectionsCheckingInterval: headTimeoutMs / HEAD_LOOKS,
      // Node's limit of five minutes for a whole request would cut a large upload on a slow line.
      requestTimeout: 0,
    },
  }) as Server;
  // Not `server.timeout`, because a WebSocket would keep that timer.
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
      // A keep-alive connection is idle once its response has gone.
      const idle = setInterval(() => server.closeIdleConnections(), IDLE_LOOK_MS);
      const grace = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearInterval(idle);
      clearTimeout(grace);
    },
  };
}
