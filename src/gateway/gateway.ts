import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Registry } from '@prometheus-io/client';
import { WebSocketServer } from 'ws';

import type { Access } from '../access/access.ts';
import type { Guard } from '../access/guard.ts';
import { refusalBody } from '../access/guard-requests.ts';
import { ANONYMOUS, type Principal } from '../access/principal.ts';
import { problemBody } from '../access/problem-response.ts';
import { CLOSE, SUBPROTOCOL } from '../contract/messages.ts';
import type { JobFeed } from '../jobs/feed/job-feed.ts';
import type { Subject } from '../limits/client-address.ts';
import type { Limiter } from '../limits/limiter.ts';
import type { Logger } from '../logging/logger.ts';
import { Admission } from './admission.ts';
import { drainAll } from './drain.ts';
import { createTickers, type ChannelReads } from './channels/tickers.ts';
import { Flusher } from './speed/flusher.ts';
import { GatewayMetrics } from './gateway-metrics.ts';
import { Authentication } from './session/authentication.ts';
import { authorized } from './session/rights.ts';
import { CLOSE_TIMEOUT_MS, SOCKETS, type ProtocolSocket } from './protocol-socket.ts';
import { Session } from './session/session.ts';
import type { SessionServices } from './session/session-services.ts';

const PATH = '/ws';
/** Default interval of pings, in ms. Some proxies cut a connection after 20 s of silence. */
const HEARTBEAT_MS = 15_000;
/** Length of a turn, in ms. Each session has a turn for its ping, so that not all pings go at once. */
const TURN_MS = 1000;
const PROBLEM = 'Content-Type: application/problem+json\r\n';

/** An open session with its bookkeeping. */
interface Open {
  /** Turn of its ping. */
  readonly turn: number;
  /** Ends its count against its client. */
  leave(): void;
}

/** Accepts WebSocket upgrades of an HTTP server, and pushes job updates to subscribers. */
export class Gateway {
  readonly #services: SessionServices;
  readonly #guard: Guard;
  readonly #logger: Logger;
  readonly #isRefused: () => boolean;
  readonly #admission: Admission;
  readonly #clientOf: (request: IncomingMessage, principal?: Principal) => Subject;
  readonly #open = new Map<Session, Open>();
  /** Sockets without a principal yet. */
  readonly #authenticating = new Set<ProtocolSocket>();
  readonly #timer: NodeJS.Timeout;
  readonly #sockets = new WebSocketServer<typeof ProtocolSocket>(SOCKETS);
  readonly #turns: number;
  // One listener for all sockets, because one for each would keep its request as long as the session.
  readonly #onSocketError = (error: Error) => this.#logger.info('a socket failed', { error: error.message });
  readonly #onSessionError = (error: Error) => this.#logger.info('a session broke', { error: error.message });
  #turn = 0;
  #draining = false;

  constructor(
    {
      feed,
      registry,
      access,
      ...reads
    }: ChannelReads & { feed: JobFeed; registry: Registry; access: Access },
    guard: Guard,
    logger: Logger,
    {
      heartbeatMs = HEARTBEAT_MS,
      isRefused = () => false,
      limiter,
      clientOf,
    }: {
      heartbeatMs?: number;
      isRefused?: () => boolean;
      limiter: Pick<Limiter, 'socket'>;
      clientOf: (request: IncomingMessage, principal?: Principal) => Subject;
    },
  ) {
    const metrics = new GatewayMetrics(registry, feed, () => this.#load());
    const onEnd = (session: Session, code: number) => {
      this.#open.get(session)?.leave();
      this.#open.delete(session);
      metrics.closed(code);
    };
    const shared = { flusher: new Flusher(), ...createTickers(reads, logger) };
    this.#services = { access, feed, metrics, logger, heartbeatMs, ...shared, onEnd };
    this.#turns = Math.max(1, Math.floor(heartbeatMs / TURN_MS));
    this.#guard = guard;
    this.#logger = logger;
    this.#isRefused = isRefused;
    this.#admission = new Admission(limiter);
    this.#clientOf = clientOf;
    feed.observe({
      onStale: () => [...this.#open.keys()].forEach((session) => session.stale()),
      onLive: (epoch) => [...this.#open.keys()].forEach((session) => session.live(epoch)),
    });
    this.#timer = setInterval(() => this.#look(), TURN_MS);
  }

  /** Handles the server's upgrade requests. No other code may do so. */
  attach(server: Server): void {
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** True while it accepts new sessions. */
  get accepting(): boolean {
    return !this.#draining;
  }

  /** Asks all clients to leave in groups and to return at different times. Cuts those that stay. */
  async close(): Promise<void> {
    this.#draining = true;
    clearInterval(this.#timer);
    const open = [...this.#open.keys()];
    await drainAll(open);
    for (const socket of this.#authenticating) socket.close(CLOSE.drain, 'the server is shutting down');
    const sockets = [...open.map(({ socket }) => socket), ...this.#authenticating];
    const closed = sockets.map(async (socket) => {
      if (socket.readyState !== socket.CLOSED) await new Promise((resolve) => socket.once('close', resolve));
    });
    const timer = setTimeout(() => sockets.forEach((socket) => socket.terminate()), CLOSE_TIMEOUT_MS);
    await Promise.all(closed);
    clearTimeout(timer);
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refuse = (status: string, header = '', body = '') => {
      // The client's half may stay open for ever, and would block the server's close.
      socket.once('finish', () => socket.destroy());
      socket.end(
        `HTTP/1.1 ${status}\r\nConnection: close\r\n${header}Content-Length: ${body.length}\r\n\r\n${body}`,
      );
    };
    socket.on('error', this.#onSocketError);
    const refusal = this.#guard.refusal(request);
    if (refusal === 'host_forbidden') return refuse('403 Forbidden', PROBLEM, refusalBody(refusal));
    if (!URL.canParse(request.url ?? '', 'http://gateway')) return refuse('400 Bad Request');
    const url = new URL(request.url ?? '', 'http://gateway');
    if (url.pathname !== PATH) return refuse('404 Not Found');
    if (!isSpoken(request))
      return refuse(
        '400 Bad Request',
        PROBLEM,
        problemBody('unsupported_protocol', `Offer the subprotocol ${SUBPROTOCOL}, or none.`),
      );
    if (this.#draining || this.#isRefused() || !this.#admission.pass())
      return refuse('503 Service Unavailable', 'Retry-After: 1\r\n');
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      socket.off('error', this.#onSocketError);
      // A refused client may send garbage, too.
      webSocket.on('error', this.#onSessionError);
      // Refuses with a close frame, because a browser hides a refused handshake from its page.
      const turnAway = (code: number, reason: string) => {
        this.#services.metrics.closed(code);
        webSocket.close(code, reason);
      };
      if (refusal === 'origin_forbidden') return turnAway(CLOSE.forbidden, 'this origin may not connect');
      const leave = this.#admission.enter(this.#clientOf(request));
      if (!leave) return turnAway(CLOSE.tooMany, 'too many connections from this address');
      const onlyJob = url.searchParams.get('job') ?? undefined;
      const begin = (principal: Principal, leaveSession: () => void): Session => {
        const session = new Session(webSocket, socket, this.#services, onlyJob, principal);
        this.#open.set(session, { turn: this.#open.size % this.#turns, leave: leaveSession });
        return session;
      };
      const { access } = this.#services;
      if (access.isOpen) return void begin(ANONYMOUS, leave);
      const enter = (principal: Principal) => this.#admission.enter(this.#clientOf(request, principal));
      this.#authenticate(webSocket, { begin, enter, leave }).begin(request, url);
    });
  }

  /** Authenticates a socket, then begins its session. Until then the socket counts by its address. */
  #authenticate(
    socket: ProtocolSocket,
    {
      begin,
      enter,
      leave,
    }: {
      begin: (principal: Principal, leave: () => void) => Session;
      enter: (principal: Principal) => (() => void) | undefined;
      leave: () => void;
    },
  ): Authentication {
    this.#authenticating.add(socket);
    const authentication = new Authentication(socket, this.#services.access, {
      onPrincipal: (principal) => {
        const leaveSession = enter(principal);
        if (!leaveSession) return socket.close(CLOSE.tooMany, 'too many connections with this key');
        leave();
        this.#authenticating.delete(socket);
        const session = begin(principal, leaveSession);
        const { frame } = authentication;
        if (frame) session.send(authorized(principal, frame.id));
      },
      onClose: (code) => {
        this.#authenticating.delete(socket);
        leave();
        this.#services.metrics.closed(code);
      },
      onFailure: (error) => this.#logger.error('a key cannot be checked', { error }),
    });
    return authentication;
  }

  /** Ends sessions whose peer does not reply or does not read. A half-open TCP connection may last for hours. */
  #look(): void {
    const now = performance.now();
    this.#turn = (this.#turn + 1) % this.#turns;
    for (const [session, { turn }] of this.#open) {
      if (session.isTooFarBehind(now)) session.socket.close(CLOSE.tooFarBehind, 'too far behind');
      else if (!this.#services.access.isValid(session.principal))
        session.socket.close(CLOSE.unauthorized, 'the key is no longer valid');
      else if (turn === this.#turn) session.ping();
    }
  }

  #load(): { count: number; bufferedBytes: number } {
    let bufferedBytes = 0;
    for (const { socket } of this.#open.keys()) bufferedBytes += socket.bufferedAmount;
    return { count: this.#open.size, bufferedBytes };
  }
}

/** Returns false if the client offers subprotocols, but not ours. It would take our messages for those of another version. */
function isSpoken({ headers }: IncomingMessage): boolean {
  const offered = headers['sec-websocket-protocol'];
  return offered === undefined || offered.split(',').some((name) => name.trim() === SUBPROTOCOL);
}
