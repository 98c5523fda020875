import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Redis } from 'ioredis';
import { WebSocketServer, type WebSocket } from 'ws';

import { createKeys } from '../../../src/redis/keys.ts';
import { jobId, jobState, type Side } from './side.ts';

/** The least that there can be: a loop that sends every message of Redis to everybody who watches its job. */

const keys = createKeys();
const ALL = '*';

export const side: Side = {
  async serve(redisUrl) {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    const watchers = new Map<string, Set<WebSocket>>();
    const of = (channel: string) => watchers.get(channel) ?? [];
    server.on('connection', (socket) => {
      socket.on('message', (data: Buffer) => {
        const channel = data.toString();
        watchers.set(channel, (watchers.get(channel) ?? new Set()).add(socket));
        socket.on('close', () => watchers.get(channel)?.delete(socket));
        socket.send('watching');
      });
    });
    const redis = new Redis(redisUrl);
    redis.on('pmessage', (_pattern: string, channel: string, text: string) => {
      for (const socket of of(channel)) socket.send(text);
      for (const socket of of(ALL)) socket.send(text);
    });
    await Promise.all([once(server, 'listening'), redis.psubscribe(keys.allEvents)]);
    return {
      port: (server.address() as AddressInfo).port,
      buffered: async () => [...server.clients].reduce((sum, socket) => sum + socket.bufferedAmount, 0),
    };
  },

  async publisher(redisUrl) {
    const redis = new Redis(redisUrl);
    await redis.ping();
    let version = 0;
    return (job, message, progress) =>
      void redis.publish(
        keys.events(jobId(job)),
        JSON.stringify(jobState(job, ++version, message, progress)),
      );
  },

  path: '/',

  greeting: (id) => [[id === undefined ? ALL : keys.events(id), 'watching']],
};
