import type { IncomingMessage } from 'node:http';
import * as v from 'valibot';
import type { RawData } from 'ws';

import type { Access } from '../../access/access.ts';
import type { Principal } from '../../access/principal.ts';
import { AuthSchema, CLOSE, MAX_MESSAGE_BYTES } from '../../contract/messages.ts';
import { AppError } from '../../errors.ts';
import type { ProtocolSocket, SocketListener } from '../protocol-socket.ts';

/** Time in ms within which a client must send its key. A page sends it at once. */
const AUTH_MS = 10_000;
/** Messages that may arrive while the key is checked. A client needs few before its welcome. */
const MAX_EARLY = 16;

const AuthText = v.pipe(v.string(), v.parseJson(), AuthSchema);

type Auth = v.InferOutput<typeof AuthSchema>;

/** Reads an `auth` from a first frame. @returns `undefined` if it is another message */
function authIn(data: Buffer, isBinary: boolean): Auth | undefined {
  if (isBinary) return undefined;
  const parsed = v.safeParse(AuthText, data.toString());
  return parsed.success ? parsed.output : undefined;
}

/** Receives the result: a principal, or the socket's close. */
export interface AuthenticationListener {
  onPrincipal(principal: Principal): void;
  onClose(code: number): void;
  /** The key could not be checked; `onClose` follows. */
  onFailure(error: unknown): void;
}

/** Authenticates a socket by its header, its ticket or its first frame. */
export class Authentication implements SocketListener {
  readonly #socket: ProtocolSocket;
  readonly #access: Access;
  readonly #listener: AuthenticationListener;
  readonly #timer: NodeJS.Timeout;
  readonly #early: Buffer[] = [];
  #isAsked = false;
  #frame: Auth | undefined;

  constructor(socket: ProtocolSocket, access: Access, listener: AuthenticationListener) {
    this.#socket = socket;
    this.#access = access;
    this.#listener = listener;
    this.#timer = setTimeout(() => socket.close(CLOSE.authTimeout, 'no key came in time'), AUTH_MS);
    socket.listen(this);
  }

  /** The `auth` that brought the key. The session responds to it with `authorized`. Absent if the request had the key. */
  get frame(): Pick<Auth, 'id'> | undefined {
    return this.#frame;
  }

  /** Reads the header or the ticket of the upgrade request. The header takes precedence. */
  begin({ headers: { authorization } }: IncomingMessage, url: URL): void {
    const ticket = url.searchParams.get('ticket');
    if (authorization !== undefined) void this.#ask(this.#access.ofHeader(authorization));
    else if (ticket !== null) void this.#ask(this.#access.ofTicket(ticket));
  }

  onMessage(data: RawData, isBinary: boolean): void {
    // With ws's default binaryType a message is one Buffer.
    const bytes = data as Buffer;
    if (bytes.length > MAX_MESSAGE_BYTES)
      return this.#socket.close(CLOSE.tooLarge, 'a message before welcome is too large');
    if (this.#isAsked) {
      if (isBinary || this.#early.push(bytes) > MAX_EARLY)
        this.#socket.close(CLOSE.badMessage, 'what came before welcome is binary, or too much');
      return;
    }
    this.#frame = authIn(bytes, isBinary);
    if (this.#frame) void this.#ask(this.#access.ofToken(this.#frame.token));
    else this.#socket.close(CLOSE.unauthorized, 'the first message must be auth');
  }

  onPing(data: Buffer): void {
    // Sends no pong to a client that does not read.
    if (this.#socket.bufferedAmount === 0) this.#socket.pong(data);
  }

  onPong(): void {}

  onClosing(): void {
    clearTimeout(this.#timer);
  }

  onClose(code: number): void {
    clearTimeout(this.#timer);
    this.#listener.onClose(code);
  }

  async #ask(principal: Promise<Principal>): Promise<void> {
    this.#isAsked = true;
    try {
      const found = await principal;
      if (this.#socket.readyState !== this.#socket.OPEN) return;
      clearTimeout(this.#timer);
      this.#listener.onPrincipal(found);
      if (this.#socket.listener === this) return;
      // A client may send messages before its welcome.
      for (const data of this.#early) this.#socket.listener?.onMessage(data, false);
    } catch (error) {
      if (error instanceof AppError) return this.#socket.close(CLOSE.unauthorized, error.message);
      this.#listener.onFailure(error);
      this.#socket.close(CLOSE.failed, 'the server failed');
    }
  }
}
