import { createServer } from 'node:http';
import { once } from 'node:events';
import { createAdapter } from '@socket.io/redis-adapter';
import { Emitter } from '@socket.io/redis-emitter';
import { Redis } from 'ioredis';
import { Server } from 'socket.io';

import { jobId, jobState } from './side.ts';

/** Socket.IO with its Redis adapter, as its documentation sets it up. Plain JavaScript: only benchmarks have it. */

const ALL = 'active';
/** Longer than a round: the clients here answer no pings. */
const PING_MS = 600_000;

/** @type {import('./side.ts').Side} */
export const side = {
  async serve(redisUrl) {
    const server = createServer();
    const adapter = createAdapter(new Redis(redisUrl), new Redis(redisUrl));
    const io = new Server(server, { adapter, transports: ['websocket'], pingInterval: PING_MS });
    io.on('connection', (socket) => {
      socket.on('watch', (room) => {
        void socket.join(room);
        socket.emit('watching');
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const waiting = ({ conn }) =>
      conn.writeBuffer.reduce(
        (sum, { data }) => sum + (data?.length ?? 0),
        conn.transport.socket.bufferedAmount,
      );
    return {
      port: server.address().port,
      buffered: async () =>
        [...io.sockets.sockets.values()].reduce((sum, socket) => sum + waiting(socket), 0),
    };
  },

  async publisher(redisUrl) {
    const redis = new Redis(redisUrl);
    await redis.ping();
    const emitter = new Emitter(redis);
    let version = 0;
    return (job, message, progress) =>
      void emitter.to([jobId(job), ALL]).emit('update', jobState(job, ++version, message, progress));
  },

  path: '/socket.io/?EIO=4&transport=websocket',

  greeting: (id = ALL) => [
    ['40', '40{'],
    [`42["watch","${id}"]`, '42["watching"]'],
  ],
};
