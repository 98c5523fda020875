import { WebSocket, type RawData } from 'ws';

import { CLOSE, MAX_MESSAGE_BYTES, SUBPROTOCOL } from '../contract/messages.ts';

/** How long a client has to answer a close before its socket is cut. */
export const CLOSE_TIMEOUT_MS = 1000;

/** Whoever serves a socket. */
export interface SocketListener {
  onMessage(data: RawData, isBinary: boolean): void;
  onPing(data: Buffer): void;
  onPong(): void;
  /** The close frame goes next, after which nothing else may. */
  onClosing(): void;
  onClose(code: number): void;
}

/** A server's end of a WebSocket. */
export class ProtocolSocket extends WebSocket {
  /** The code that this side closes with: the peer may be gone, and never say it. */
  closesWith: number | undefined;
  listener: SocketListener | undefined;

  /**
   * Sets or replaces the listener. All sockets share the same handler functions, because closures would take more memory
   * than a session.
   */
  listen(listener: SocketListener): void {
    const isFirst = this.listener === undefined;
    this.listener = listener;
    if (!isFirst) return;
    this.on('message', onMessage);
    this.on('ping', onPing);
    this.on('pong', onPong);
    this.on('close', onClose);
  }

  override close(code?: number, reason?: string | Buffer): void {
    // `ws` itself closes with 1009 for a message over the limit; the protocol has a word of its own.
    const said = code === 1009 ? CLOSE.tooLarge : code;
    this.closesWith ??= said;
    this.listener?.onClosing();
    super.close(said, reason);
  }
}

function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
  (this as ProtocolSocket).listener?.onMessage(data, isBinary);
}

function onPing(this: WebSocket, data: Buffer): void {
  (this as ProtocolSocket).listener?.onPing(data);
}

function onPong(this: WebSocket): void {
  (this as ProtocolSocket).listener?.onPong();
}

function onClose(this: WebSocket, code: number): void {
  const socket = this as ProtocolSocket;
  socket.listener?.onClose(socket.closesWith ?? code);
}

/** How `ws` is to make them. */
export const SOCKETS = {
  noServer: true,
  WebSocket: ProtocolSocket,
  maxPayload: MAX_MESSAGE_BYTES,
  closeTimeout: CLOSE_TIMEOUT_MS,
  autoPong: false,
  // Compression would cost twenty times a connection's memory.
  perMessageDeflate: false,
  clientTracking: false,
  handleProtocols: (offered: Set<string>) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
} as const;
