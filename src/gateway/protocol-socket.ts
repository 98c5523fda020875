import { WebSocket } from 'ws';

import { CLOSE, MAX_MESSAGE_BYTES, SUBPROTOCOL } from '../contract/messages.ts';

/** How long a client has to answer a close before its socket is cut. */
export const CLOSE_TIMEOUT_MS = 1000;

/** A server's end of a WebSocket. */
export class ProtocolSocket extends WebSocket {
  /** The code that this side closes with: the peer may be gone, and never say it. */
  closesWith: number | undefined;
  /** Called before the close frame goes, after which nothing else may. */
  onClosing = () => {};

  override close(code?: number, reason?: string | Buffer): void {
    // `ws` itself closes with 1009 for a message over the limit; the protocol has a word of its own.
    const said = code === 1009 ? CLOSE.tooLarge : code;
    this.closesWith ??= said;
    this.onClosing();
    super.close(said, reason);
  }
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
