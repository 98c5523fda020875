import type { CutSettings } from '../../../src/contract/services/processor.ts';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, type Server, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach } from 'vitest';

import { ProcessorClient, type ProcessorLimits } from '../../../src/processor-client/processor-client.ts';

const LIMITS: ProcessorLimits = { timeoutMs: 5000, callMs: 60_000, maxTextChars: 1000 };

export const NDJSON = 'application/x-ndjson';

export const MIB = 1024 * 1024;

export const never = new AbortController().signal;

export let server: Server | undefined;

export let client: ProcessorClient;

/** How many calls the service has had, and how many connections it has now. */
export let calls = 0;

export const sockets = new Set<Socket>();

/** Registers the end of each test's client and service. */
export function useScriptedService(): void {
  afterEach(async () => {
    await client.close();
    for (const socket of sockets) socket.destroy();
    server?.close();
    calls = 0;
  });
}

/** Makes the client of a service. */
export function connect(url: string, limits: Partial<ProcessorLimits> = {}): void {
  client = new ProcessorClient(url, { ...LIMITS, ...limits });
}

/** Starts a server, and makes its client. */
export async function listen(started: Server, limits: Partial<ProcessorLimits>): Promise<void> {
  server = started;
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  connect(`http://127.0.0.1:${port}`, limits);
}

export type Handler = (response: ServerResponse, request: IncomingMessage) => void;

/** A service that reads every request whole, and then does as it is told. */
export const serve = (handler: Handler, limits: Partial<ProcessorLimits> = {}) =>
  listen(
    createServer((request, response) => {
      calls++;
      response.on('error', () => {});
      request.resume().once('end', () => handler(response, request));
    }),
    limits,
  );

export const respond =
  (body: string | Buffer, type = 'application/json', status = 200): Handler =>
  (response) =>
    response.writeHead(status, { 'content-type': type }).end(body);

/** Sends pieces for as long as anybody listens, a little while apart. */
export const endless =
  (type: string, piece: (index: number) => string | Buffer, everyMs = 0): Handler =>
  (response) => {
    response.writeHead(200, { 'content-type': type });
    const pieces = async function* () {
      for (let index = 0; ; index++) {
        yield piece(index);
        if (everyMs > 0) await sleep(everyMs);
      }
    };
    pipeline(Readable.from(pieces()), response).catch(() => {});
  };

export const parse = (
  onPages = (_done: number, _total: number) => {},
  bytes = Buffer.from('A file.'),
  cut?: CutSettings,
) => {
  const open = async () => ({ stream: Readable.from([bytes], { objectMode: false }), size: bytes.length });
  return client.parse({ filename: 'a.txt', mediaType: 'text/plain', open }, never, onPages, {
    ...(cut && { cut }),
  });
};

export const TEXT = 'One sentence. Another 😀.';

export const chunk = () =>
  client.chunk({ text: TEXT, strategy: 'sentence', chunk_size: 32, chunk_overlap: 0, segments: [] }, never);

export const embed = () => client.embed({ texts: ['one', 'two'] }, never);

/** What a call fails with, in short. */
export const failure = (call: Promise<unknown>) =>
  call.then(
    (value) => `answered ${JSON.stringify(value)}`,
    (error: { kind?: string; code?: string; message: string }) =>
      error.kind === undefined ? error.message : `${error.kind} ${error.code}`,
  );

export const BAD = 'transient bad_answer';

export const line = (value: unknown) => `${JSON.stringify(value)}\n`;

export const END = line({ type: 'end', metadata: {} });

export const segment = (text: string, rest = {}) => line({ type: 'segment', text, ...rest });
