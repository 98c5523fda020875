import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Stands between clients and a server on loopback, and breaks what passes through when told to. */
export class TcpProxy {
  readonly port: number;
  /** Every answer is held back so long. */
  latencyMs: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #targetPort: number;
  #repliesToLose = 0;
  #toHold: { text: string; resolve: (held: { piece: string; release(): void }) => void } | undefined;
  #lost = 0;

  private constructor(server: Server, targetPort: number, latencyMs: number) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    this.latencyMs = latencyMs;
    this.#targetPort = targetPort;
    server.on('connection', (client) => this.#join(client));
  }

  /**
   * @param port where it listens; 0 takes any free one
   * @param targetPort where the server does; it may come and go
   */
  static async start(port: number, targetPort: number, latencyMs = 0): Promise<TcpProxy> {
    const server = createServer();
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return new TcpProxy(server, targetPort, latencyMs);
  }

  /** The next `count` pieces that clients send still reach the server; the responses never come. */
  loseReplies(count: number): void {
    this.#repliesToLose = count;
  }

  /**
   * Holds back the next piece that a client sends with this text in it, and whatever the same client sends after
   * it: a packet that is late.
   * @returns the piece, and what lets it go on; nothing when none has come in time
   */
  async holdBack(text: string, withinMs: number): Promise<{ piece: string; release(): void } | undefined> {
    const { promise, resolve } = Promise.withResolvers<{ piece: string; release(): void } | undefined>();
    const held = { text, resolve };
    this.#toHold = held;
    const timer = setTimeout(() => {
      if (this.#toHold === held) this.#toHold = undefined;
      resolve(undefined);
    }, withinMs);
    return promise.finally(() => clearTimeout(timer));
  }

  /** How many answers have been lost so far. */
  get lost(): number {
    return this.#lost;
  }

  /** The connections that are there stay open, and carry nothing any more, not even their end. */
  stall(): void {
    for (const socket of this.#sockets) {
      socket.removeAllListeners('data').removeAllListeners('close');
      // Read on, so that nobody notices by a full buffer either.
      socket.resume();
    }
  }

  /** New connections lead to another server; those that are there stay. */
  redirect(targetPort: number): void {
    this.#targetPort = targetPort;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #join(client: Socket): void {
    const server = connect(this.#targetPort, '127.0.0.1');
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      // What broke is told to the other side by its own end.
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
    }
    let cut = false;
    client.on('data', (bytes) => {
      if (cut) return;
      if (this.#toHold && bytes.includes(this.#toHold.text)) {
        const { resolve } = this.#toHold;
        this.#toHold = undefined;
        client.pause();
        const release = () => {
          server.write(bytes);
          client.resume();
        };
        return resolve({ piece: bytes.toString(), release });
      }
      server.write(bytes);
      if (this.#repliesToLose === 0) return;
      this.#repliesToLose--;
      this.#lost++;
      cut = true;
      // Ended and not destroyed: the server must still read what was sent.
      server.end();
      client.destroy();
    });
    server.on('data', (bytes) => {
      if (cut) return;
      if (this.latencyMs === 0) client.write(bytes);
      else setTimeout(() => client.write(bytes), this.latencyMs);
    });
    client.on('close', () => {
      if (!cut) server.destroy();
    });
    server.on('close', () => setTimeout(() => client.destroy(), this.latencyMs));
  }
}
