import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';

import { CLOSE, SUBPROTOCOL } from '../contract/messages.ts';
import type { Logger } from '../logger.ts';
import { isOriginAllowed } from '../origin.ts';
import { Session } from './session.ts';
import type { Feeds } from './subscription.ts';

const PATH = '/ws';
const HEARTBEAT_MS = 30_000;
const MAX_MESSAGE_BYTES = 64 * 1024;
/** How long a client has to answer a close before its socket is cut. */
const CLOSE_TIMEOUT_MS = 1000;

/** Takes WebSocket upgrades of an HTTP server and pushes job updates to whoever subscribes. */
export class Gateway {
  readonly #feeds: Feeds;
  readonly #allowedOrigins: readonly string[];
  readonly #logger: Logger;
  readonly #sessions = new Map<WebSocket, Session>();
  readonly #silent = new WeakSet<WebSocket>();
  readonly #heartbeat: NodeJS.Timeout;
  // Compression would cost twenty times a connection's memory.
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    clientTracking: false,
    handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
  });
  #closing = false;

  constructor(feeds: Feeds, allowedOrigins: readonly string[], logger: Logger) {
    this.#feeds = feeds;
    this.#allowedOrigins = allowedOrigins;
    this.#logger = logger;
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS);
  }

  /** Answers the server's upgrade requests. The gateway MUST be the only one to do so. */
  attach(server: Server): void {
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** Tells every client that the server goes away, and cuts those that do not leave. */
  async close(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#heartbeat);
    const sockets = [...this.#sessions.keys()];
    const left = sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    for (const session of this.#sessions.values()) session.drain();
    const timer = setTimeout(() => sockets.forEach((socket) => socket.terminate()), CLOSE_TIMEOUT_MS);
    await Promise.all(left);
    clearTimeout(timer);
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refuse = (status: string) =>
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    socket.on('error', (error) => this.#logger.info('an upgrade failed', { error: error.message }));
    if (this.#closing) return void refuse('503 Service Unavailable');
    if (!URL.canParse(request.url ?? '', 'http://gateway')) return void refuse('400 Bad Request');
    const url = new URL(request.url ?? '', 'http://gateway');
    if (url.pathname !== PATH) return void refuse('404 Not Found');
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const { origin, host } = request.headers;
      if (!isOriginAllowed(origin, host, this.#allowedOrigins)) {
        // Said in a close frame, for a browser shows a page nothing of a refused handshake.
        webSocket.close(CLOSE.originForbidden, 'this origin may not connect');
        return;
      }
      this.#open(webSocket, url.searchParams.get('job') ?? undefined);
    });
  }

  #open(socket: WebSocket, job: string | undefined): void {
    this.#sessions.set(socket, new Session(socket, this.#feeds, job, HEARTBEAT_MS, this.#logger));
    socket.on('pong', () => this.#silent.delete(socket));
    socket.on('close', () => this.#sessions.delete(socket));
  }

  /** Ends peers that have not answered the last ping: their TCP may stay half-open for hours. */
  #beat(): void {
    for (const socket of this.#sessions.keys()) {
      if (this.#silent.has(socket)) {
        socket.terminate();
      } else {
        this.#silent.add(socket);
        socket.ping();
      }
    }
  }
}
