import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

export interface EmbeddingsServer {
  /** Its base, as `EMBEDDINGS_URL` takes it: `http://127.0.0.1:…/v1`. */
  url: string;
  /** How many calls have come in. */
  requests(): number;
  /** Number of texts in all calls so far. */
  texts(): number;
  /** What the last call sent. */
  lastRequest(): { headers: IncomingMessage['headers']; body: unknown } | undefined;
  /** Every answer waits this long; 0 at first. */
  delayMs: number;
  /** The next `count` calls are answered with this status and these headers. */
  failNext(status: number, headers?: Record<string, string>, count?: number): void;
  close(): Promise<void>;
}

/**
 * Starts an embeddings server as OpenAI's API has it, whose vectors depend on nothing but the text: words
 * are hashed into buckets. The same text always has the same unit vector, and texts that share words have
 * similar ones, so that searches find what a person expects.
 */
export async function startEmbeddingsServer({ dimensions = 64, port = 0 } = {}): Promise<EmbeddingsServer> {
  let requests = 0;
  let texts = 0;
  let lastRequest: ReturnType<EmbeddingsServer['lastRequest']>;
  let failures: { status: number; headers: Record<string, string> }[] = [];

  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    const body = (await json(request)) as { model: string; input: string | string[] };
    requests++;
    texts += [body.input].flat().length;
    lastRequest = { headers: request.headers, body };
    if (handle.delayMs > 0) await sleep(handle.delayMs);
    const failure = failures.shift();
    response.writeHead(failure?.status ?? 200, { 'content-type': 'application/json', ...failure?.headers });
    if (failure) {
      response.end(JSON.stringify({ error: { message: 'as told' } }));
      return;
    }
    const data = [body.input].flat().map((text, index) => ({
      object: 'embedding',
      index,
      embedding: embed(text, dimensions),
    }));
    // The order is the caller's to restore, by `index`.
    response.end(JSON.stringify({ object: 'list', model: body.model, data: data.toReversed() }));
  };

  const server = createServer((request, response) => {
    if (request.method === 'POST' && request.url === '/v1/embeddings') {
      respond(request, response).catch(() => response.destroy());
    } else {
      response.writeHead(404).end();
    }
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');

  const handle: EmbeddingsServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests: () => requests,
    texts: () => texts,
    lastRequest: () => lastRequest,
    delayMs: 0,
    failNext: (status, headers = {}, count = 1) => {
      failures = [...failures, ...Array.from({ length: count }, () => ({ status, headers }))];
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return handle;
}

function embed(text: string, dimensions: number): number[] {
  const vector = Array.from({ length: dimensions }, () => 0);
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? ['']) {
    const hash = fnv1a(word);
    const bucket = hash % dimensions;
    vector[bucket] = (vector[bucket] ?? 0) + (hash & 0x8000_0000 ? 1 : -1);
  }
  // Opposite signs may cancel out; a vector has a direction all the same.
  if (!vector.some((value) => value !== 0)) vector[0] = 1;
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

function fnv1a(word: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(word)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

if (import.meta.main) {
  const { url } = await startEmbeddingsServer({ port: Number(process.argv[2] ?? 0) });
  console.log(url);
}

/** Asks an embeddings server for the vectors of texts. @returns one for each text, in their order */
export async function embeddingsOf(url: string, texts: readonly unknown[]): Promise<number[][]> {
  const response = await fetch(`${url}/embeddings`, {
    method: 'POST',
    body: JSON.stringify({ model: 'x', input: texts }),
  });
  const { data } = (await response.json()) as { data: { index: number; embedding: number[] }[] };
  return data.toSorted((a, b) => a.index - b.index).map(({ embedding }) => embedding);
}
