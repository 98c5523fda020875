import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { serve } from '../queue/remote.ts';
import { loadSide, type Server } from './side.ts';

/** The process of a side's server: `node server.ts SIDE REDIS_URL FOLDER`. */

const [name = '', redisUrl = '', folder = ''] = process.argv.slice(2);
setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;
let server: Server;

export interface Memory {
  /** What the program holds: V8's heap and the memory outside of it that it keeps alive. */
  held: number;
  resident: number;
  /** Of `held`, what sockets have not taken. */
  buffered: number;
}

serve({
  /** @returns its port */
  async open() {
    server = await (await loadSide(name)).serve(redisUrl, folder);
    return server.port;
  },
  /** @returns the processor time it has used, in microseconds */
  async cpu() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  async memory(): Promise<Memory> {
    gc();
    gc();
    const { heapUsed, external, rss } = process.memoryUsage();
    return { held: heapUsed + external, resident: rss, buffered: await server.buffered() };
  },
});
