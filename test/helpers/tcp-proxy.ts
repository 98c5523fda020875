import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Stands between clients and a server on loopback, and breaks what passes through when told to. */
export class TcpProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #repliesToLose = 0;
  #lost = 0;

  private constructor(server: Server, targetPort: number, latencyMs: number) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (client) => this.#join(client, targetPort, latencyMs));
  }

  /**
   * @param port where it listens
   * @param targetPort where the server does; it may come and go
   * @param latencyMs every answer is held back so long
   */
  static async start(port: number, targetPort: number, latencyMs = 0): Promise<TcpProxy> {
    const server = createServer();
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return new TcpProxy(server, targetPort, latencyMs);
  }

  /** The next `count` pieces that clients send still reach the server; the answers never come. */
  loseReplies(count: number): void {
    this.#repliesToLose = count;
  }

  /** How many answers have been lost so far. */
  get lost(): number {
    return this.#lost;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #join(client: Socket, targetPort: number, latencyMs: number): void {
    const server = connect(targetPort, '127.0.0.1');
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
      if (latencyMs === 0) client.write(bytes);
      else setTimeout(() => client.write(bytes), latencyMs);
    });
    client.on('close', () => {
      if (!cut) server.destroy();
    });
    server.on('close', () => setTimeout(() => client.destroy(), latencyMs));
  }
}
