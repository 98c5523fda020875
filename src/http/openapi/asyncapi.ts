import type * as v from 'valibot';

import { JobSchema } from '../../contract/job.ts';
import {
  CHANNELS,
  REQUESTS,
  ServerMessageSchema,
  SUBPROTOCOL,
  type ServerMessage,
} from '../../contract/messages.ts';
import { schemaOf } from './parts.ts';

const OF_JOB = new Map<unknown, object>([[JobSchema, { $ref: '#/components/schemas/Job' }]]);

type RequestType = keyof typeof REQUESTS | 'subscribe';
type ResponseType = ServerMessage['type'];

/** Summary of each message of a client, and the messages that respond to it. */
const CLIENT: Record<RequestType, { summary: string; replies: ResponseType[] }> = {
  auth: { summary: 'Authenticate the session', replies: ['authorized'] },
  subscribe: {
    summary: 'Watch jobs, a batch or statistics',
    replies: ['snapshot', 'batch', 'stats', 'error'],
  },
  unsubscribe: { summary: 'End a subscription', replies: ['unsubscribed'] },
  ping: { summary: 'Ask for a pong', replies: ['pong'] },
};

/** Summary of each message of the server. */
const SERVER: Record<ResponseType, string> = {
  welcome: 'The first message of a session',
  authorized: 'The response to an auth',
  snapshot: 'The first states of a subscription, in pages',
  update: 'The latest states of jobs that have changed',
  gone: 'Jobs that have left a channel',
  batch: 'The counters of a batch',
  stats: 'The statistics of the queue',
  conflated: 'This client is slow, and gets no state between the others',
  error: 'The server cannot serve a message. The session goes on',
  unsubscribed: 'A subscription has ended',
  pong: 'The response to a ping',
  stale: 'Events no longer reach the server',
  live: 'Events reach the server again',
  reconnect: 'The server shuts down soon',
};

/** Describes the push, with the schemas that server and page check messages with. PROTOCOL.md says what they mean. */
export const asyncApiDocument = {
  asyncapi: '3.1.0',
  info: {
    title: 'Sluice push',
    version: SUBPROTOCOL,
    license: { name: 'MIT' },
    description: `JSON text frames over a WebSocket with the subprotocol \`${SUBPROTOCOL}\`. src/contract/PROTOCOL.md defines their meaning.`,
  },
  defaultContentType: 'application/json',
  channels: {
    push: {
      address: '/ws',
      title: 'The push',
      messages: Object.fromEntries(messageNames().map((name) => [name, ref('components/messages', name)])),
      bindings: {
        ws: {
          method: 'GET',
          query: {
            type: 'object',
            properties: {
              job: { type: 'string', description: 'Watches this job alone. The session ends with it.' },
              ticket: { type: 'string', description: 'A ticket of POST /api/ws-ticket.' },
            },
          },
        },
      },
    },
  },
  operations: {
    ...Object.fromEntries(
      Object.entries(CLIENT).map(([type, { summary, replies }]) => [
        `receive_${type}`,
        {
          action: 'receive',
          summary,
          channel: ref('channels', 'push'),
          messages: requestNames(type as RequestType).map(inChannel),
          reply: { channel: ref('channels', 'push'), messages: replies.map(inChannel) },
        },
      ]),
    ),
    ...Object.fromEntries(
      Object.entries(SERVER).map(([type, summary]) => [
        `send_${type}`,
        { action: 'send', summary, channel: ref('channels', 'push'), messages: [inChannel(type)] },
      ]),
    ),
  },
  components: {
    messages: Object.fromEntries([
      ...Object.entries(CHANNELS).map(([channel, schema]) => [
        `subscribe_${channel}`,
        message('subscribe', `${CLIENT.subscribe.summary}: the channel ${channel}`, schema, 'input'),
      ]),
      ...Object.entries(REQUESTS).map(([type, schema]) => [
        type,
        message(type, CLIENT[type as RequestType].summary, schema, 'input'),
      ]),
      ...ServerMessageSchema.options.map((schema) => {
        const type = schema.entries.type.literal;
        return [type, message(type, SERVER[type], schema, 'output')];
      }),
    ]),
    schemas: { Job: schemaOf(JobSchema, 'output') },
  },
};

function message(name: string, summary: string, schema: v.GenericSchema, mode: 'input' | 'output') {
  return { name, title: name, summary, payload: schemaOf(schema, mode, OF_JOB) };
}

/** A client's messages of a type. Each channel has a subscription of its own. */
function requestNames(type: RequestType): string[] {
  return type === 'subscribe' ? Object.keys(CHANNELS).map((channel) => `subscribe_${channel}`) : [type];
}

function messageNames(): string[] {
  return [...(Object.keys(CLIENT) as RequestType[]).flatMap(requestNames), ...Object.keys(SERVER)];
}

function inChannel(name: string) {
  return ref('channels/push/messages', name);
}

function ref(path: string, name: string) {
  return { $ref: `#/${path}/${name}` };
}
