import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A request as it passes through: its method and path. */
const REQUEST = /^(?:GET|POST|PATCH|DELETE|HEAD) (\S+) HTTP\/1\.1\r\n/;
const UPGRADE = /\r\nupgrade: websocket\r\n/i;
const REFUSAL = 'HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n';

/** A client's connection, and the one that carries its bytes on. */
interface Pair {
  readonly client: Socket;
  server?: Socket;
}

/** Stands between clients and servers as a network does: it goes down, swallows everything, or blocks some requests. */
export class ClientLine {
  readonly url: string;
  /** `silent`: connections stay, and nothing passes. `down`: nobody can connect. */
  #state: 'up' | 'silent' | 'down' = 'up';
  /** Returns whether a request is refused with 403. */
  blocks: (path: string, isUpgrade: boolean) => boolean = () => false;
  /** Paths of the requests so far. */
  readonly requests: string[] = [];
  #toLose: { path: string; count: number } | undefined;
  /** Number of responses that were lost. */
  lost = 0;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  /** Returns the server of a connection, by whether its request is an upgrade. */
  route: (isUpgrade: boolean) => string;

  private constructor(server: Server, target: string) {
    this.#server = server;
    this.route = () => target;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('connection', (client) => this.#join(client));
  }

  /** @param target address of the server */
  static async start(target: string): Promise<ClientLine> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ClientLine(server, target);
  }

  /** Sends new connections to another server. */
  redirect(target: string): void {
    this.route = () => target;
  }

  /** Cuts all connections, and lets nobody connect. */
  down(): void {
    this.#state = 'down';
    this.cut();
  }

  /** Swallows whatever is sent, also over new connections. Nobody hears of an end. */
  silence(): void {
    this.#state = 'silent';
  }

  /** Stops reading, so that the buffers of a sender fill up. */
  stall(): void {
    this.silence();
    for (const { client, server } of this.#pairs) {
      client.pause();
      server?.pause();
    }
  }

  /** Lets everything pass again. What was swallowed is lost, so the connections of that time break. */
  restore(): void {
    const wasSilent = this.#state === 'silent';
    this.#state = 'up';
    if (wasSilent) this.cut();
  }

  cut(): void {
    for (const { client, server } of this.#pairs) {
      client.destroy();
      server?.destroy();
    }
  }

  /** Passes the next requests to the server, and cuts the line when it responds. */
  loseResponses(path: string, count: number): void {
    this.#toLose = { path, count };
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  #join(client: Socket): void {
    if (this.#state === 'down') return void client.destroy();
    const pair: Pair = { client };
    this.#pairs.add(pair);
    let losing = false;
    this.#attach(client, pair);
    client.on('data', (bytes) => {
      if (this.#state === 'silent') return;
      const head = bytes.toString('latin1');
      const path = REQUEST.exec(head)?.[1];
      const isUpgrade = UPGRADE.test(head);
      if (path !== undefined) {
        this.requests.push(path);
        if (this.blocks(path, isUpgrade)) return void client.end(REFUSAL);
        if (this.#toLose && path.startsWith(this.#toLose.path)) {
          losing = true;
          if (--this.#toLose.count === 0) this.#toLose = undefined;
        }
      }
      // An upgrade may come over a connection that had other requests before.
      if (!pair.server || isUpgrade) {
        const former = pair.server;
        const server = connect(Number(new URL(this.route(isUpgrade)).port), '127.0.0.1');
        pair.server = server;
        former?.destroy();
        this.#attach(server, pair);
        server.on('data', (bytes) => {
          if (this.#state === 'silent') return;
          if (!losing) return void client.write(bytes);
          this.lost++;
          client.destroy();
        });
      }
      pair.server.write(bytes);
    });
  }

  #attach(socket: Socket, pair: Pair): void {
    socket.setNoDelay(true);
    // The end of this side tells the other one of the fault.
    socket.on('error', () => {});
    socket.on('close', () => {
      if (this.#state === 'silent' || (socket !== pair.client && socket !== pair.server)) return;
      this.#pairs.delete(pair);
      pair.client.destroy();
      pair.server?.destroy();
    });
  }
}
