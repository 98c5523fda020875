import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Range of chosen ports. It lies below the range that systems use for outgoing connections. There, a client that retries
 * while its server is down could take the server's port, or even connect to itself.
 */
const FREE_PORTS = { min: 20_000, max: 32_000 };
const HIGHEST_PORT = 65_535;

/** Distance between the first ports of two processes. No process chooses as many. */
const PORTS_OF_PROCESS = 16;
/**
 * Next port to try. A chosen port looks free to other processes until its use. Concurrent starts have different process
 * ids, so they try different ports. With random ports, one start's processor was another's api once in some fifty runs
 * of the tests.
 */
let nextPort = process.pid * PORTS_OF_PROCESS;

/** Tries to listen. @returns the system's error; `undefined` on success */
export function listenError(port: number, host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(error.message));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}

/**
 * Gives each name a loopback port of its own: consecutive ones from `first` if they are free.
 * @param first undefined for any ports
 */
export async function choosePorts<Name extends string>(
  first: number | undefined,
  names: readonly Name[],
): Promise<Record<Name, number>> {
  const ports: Partial<Record<Name, number>> = {};
  const isFree = async (port: number) =>
    port <= HIGHEST_PORT &&
    !Object.values(ports).includes(port) &&
    (await listenError(port, '127.0.0.1')) === undefined;
  for (const [index, name] of names.entries()) {
    let port = first === undefined ? anyPort() : first + index;
    while (!(await isFree(port))) port = anyPort();
    ports[name] = port;
  }
  return ports as Record<Name, number>;
}

/** An address to listen on. */
export interface HostAndPort {
  host: string;
  port: number;
}

/**
 * Chooses a free address of 127.0.0.0/8 and a port at random, because the server has no authentication. A caller would
 * have to guess among 2^37 of them. A system whose only loopback address is 127.0.0.1 gets only a random port.
 */
export async function chooseHiddenAddress(): Promise<HostAndPort> {
  const anyHost = () => `127.${randomInt(1, 255)}.${randomInt(256)}.${randomInt(1, 255)}`;
  const canBind = (await listenError(0, anyHost())) === undefined;
  for (;;) {
    const port = randomInt(FREE_PORTS.min, FREE_PORTS.max);
    const address = { host: canBind ? anyHost() : '127.0.0.1', port };
    if ((await listenError(address.port, address.host)) === undefined) return address;
  }
}

function anyPort(): number {
  return FREE_PORTS.min + (nextPort++ % (FREE_PORTS.max - FREE_PORTS.min));
}
