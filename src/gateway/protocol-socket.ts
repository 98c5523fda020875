import { WebSocket, type RawData } from 'ws';

import { CLOSE, LARGEST_READ_BYTES, SUBPROTOCOL } from '../contract/messages.ts';

/** Time in ms that a client has for its close frame. */
export const CLOSE_TIMEOUT_MS = 1000;

/** Receives the events of a socket. */
export interface SocketListener {
  onMessage(data: RawData, isBinary: boolean): void;
  onPing(data: Buffer): void;
  onPong(): void;
  /** Called before the close frame, after which nothing may go. */
  onClosing(): void;
  onClose(code: number): void;
}

/** The server's end of a WebSocket. */
export class ProtocolSocket extends WebSocket {
  /** Code that this side closes with, because a lost peer never sends one. */
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
    // `ws` closes with 1009 for a message over the limit, but the protocol has a code of its own.
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

/** Options of `ws` for the server's sockets. */
export const SOCKETS = {
  noServer: true,
  WebSocket: ProtocolSocket,
  maxPayload: LARGEST_READ_BYTES,
  closeTimeout: CLOSE_TIMEOUT_MS,
  autoPong: false,
  // Compression would cost twenty times a connection's memory.
  perMessageDeflate: false,
  clientTracking: false,
  handleProtocols: (offered: Set<string>) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
} as const;
