import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';

export interface HttpGate {
  url: string;
  /** Bodies of the calls whose path ends so, in the order they came. */
  calls(path: string): string[];
  /** Number of changes of a Chroma collection's name that have ended. */
  readonly renames: number;
  /** Answers a call instead of the server behind; `undefined` lets it through. */
  refuse: ((path: string) => { status: number; body: unknown } | undefined) | undefined;
  /** Changes what the server behind has answered. */
  rewrite: ((path: string, response: string) => string) | undefined;
  /** For how long a call whose path ends so is held back. */
  delayMs: (path: string) => number;
  /** Holds a call back until its promise resolves; `undefined` lets it through. */
  hold: ((path: string) => Promise<void> | undefined) | undefined;
  close(): Promise<void>;
}

/** Stands in front of an HTTP server, writes down what is asked of it, and meddles as told. */
export async function startHttpGate(target: string): Promise<HttpGate> {
  const seen: { path: string; body: string }[] = [];
  let renames = 0;

  const pass = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const body = await buffer(incoming);
    const path = incoming.url ?? '/';
    seen.push({ path, body: body.toString() });
    await sleep(gate.delayMs(path));
    await gate.hold?.(path);
    const refusal = gate.refuse?.(path);
    if (refusal) {
      outgoing.writeHead(refusal.status, { 'content-type': 'application/json' });
      outgoing.end(JSON.stringify(refusal.body));
      return;
    }
    const {
      connection: _connection,
      'transfer-encoding': _encoding,
      host: _host,
      ...headers
    } = incoming.headers;
    const method = incoming.method as 'GET' | 'PUT';
    const response = await request(target + path, {
      method,
      headers,
      ...(body.length > 0 && { body }),
    });
    const text = await response.body.text();
    if (method === 'PUT' && body.toString().includes('new_name')) renames++;
    outgoing.writeHead(response.statusCode, { 'content-type': String(response.headers['content-type']) });
    outgoing.end(gate.rewrite?.(path, text) ?? text);
  };

  const server = createServer((incoming, outgoing) => {
    pass(incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const gate: HttpGate = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls: (end) => seen.filter(({ path }) => path.endsWith(end)).map(({ body }) => body),
    get renames() {
      return renames;
    },
    refuse: undefined,
    rewrite: undefined,
    delayMs: () => 0,
    hold: undefined,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return gate;
}
