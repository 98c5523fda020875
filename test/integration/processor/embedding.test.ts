import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';

import type { ProcessorHealth } from '../../../src/contract/services/processor.ts';
import type { ProcessorOptions } from '../../../src/processor/server.ts';
import { startEmbeddingsServer, type EmbeddingsServer } from '../../helpers/servers/embeddings-server.ts';
import {
  Processor,
  abortable,
  parsed,
  problem,
  useProcessor,
} from '../../helpers/processors/small-processor.ts';

let processor: Processor;
useProcessor(() => processor);

const dot = (a: number[], b: number[]) => a.reduce((sum, value, index) => sum + value * b[index]!, 0);

describe('POST /embed with the bundled model', () => {
  const texts = Array.from(
    { length: 40 },
    (_, index) => `Sentence ${index} is about the number ${index * 7}.`,
  );

  it('gives each text its own vector, always the same, in order', async () => {
    processor = await Processor.start({ embeddings: undefined });
    const { embeddings, model, dimensions } = await processor.embed(texts);
    expect({ count: embeddings.length, model, dimensions }).toEqual({
      count: 40,
      model: 'universal-sentence-encoder-lite',
      dimensions: 512,
    });
    const health = (await (await fetch(`${processor.url}/health`)).json()) as ProcessorHealth;
    expect([health.model, health.dimensions]).toEqual([model, dimensions]);
    for (const vector of embeddings) {
      expect(vector).toHaveLength(512);
      expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
    }
    // To the last digit, whatever its neighbours.
    const some = await processor.embed([texts[33]!, texts[2]!]);
    expect(some.embeddings).toEqual([embeddings[33], embeddings[2]]);

    const similar = await processor.embed(['A cat sleeps.', 'A kitten naps.', 'Interest rates rose.']);
    const [cat, kitten, rates] = similar.embeddings;
    expect(dot(cat!, kitten!)).toBeGreaterThan(dot(cat!, rates!) + 0.1);
  });

  it('refuses another model, and what is no request', async () => {
    processor = await Processor.start({ embeddings: undefined });
    const invalid = { status: 400, code: 'invalid_request' };
    expect(await problem(await processor.post('/embed', { texts: ['a'], model: 'other' }))).toEqual(invalid);
    expect(await problem(await processor.post('/embed', { texts: [] }))).toEqual(invalid);
    for (const texts of [[1], ['']])
      expect(await problem(await processor.post('/embed', { texts }))).toEqual(invalid);
    const tooLong = ['x'.repeat(10_001)];
    expect(await problem(await processor.post('/embed', { texts: tooLong }))).toEqual(invalid);
    const body = 'x'.repeat(17 * 1024 * 1024);
    const tooLarge = await fetch(`${processor.url}/embed`, { method: 'POST', body });
    expect(await problem(tooLarge)).toEqual({ status: 413, code: 'body_too_large' });
  });

  it('lets a small document through while there is a long backlog', async () => {
    processor = await Processor.start({ embeddings: undefined, children: 1 });
    await processor.embed(['warm']);
    const { signal, abort } = abortable();
    const backlog = Array.from({ length: 256 }, (_, index) => `${index} `.repeat(50));
    const started = performance.now();
    await processor.embed(backlog.slice(0, 32));
    const eighth = performance.now() - started;
    let embedded = false;
    const embedding = processor
      .post('/embed', { texts: backlog }, { signal })
      .then((response) => response.text())
      .then(() => (embedded = true))
      .catch(() => {});
    await sleep(100);
    await parsed(await processor.parse('A memo.', 'memo.txt'));
    expect(embedded).toBe(false);
    abort();
    await embedding;
    // What waited was dropped with its caller, or it would take eight times an eighth.
    const again = performance.now();
    await processor.embed(['next']);
    expect(performance.now() - again).toBeLessThan(4 * eighth);
    expect(processor.lines.filter((line) => !line.startsWith('parsers have'))).toEqual([]);
  });
});

describe('POST /embed with an embeddings server', () => {
  let server: EmbeddingsServer;
  const start = async (options: Partial<ProcessorOptions> = {}, path = '') => {
    server = await startEmbeddingsServer({ dimensions: 8 });
    const url = new URL(path, server.url).href;
    return Processor.start({ embeddings: { url, model: 'given', apiKey: 'embedder-key' }, ...options });
  };
  afterEach(() => server.close());

  it.each(['', '/v1', '/v1/', '/v1/embeddings'])(
    'finds it at its base "%s" and passes vectors on in order',
    async (path) => {
      processor = await start({}, path);
      const texts = ['one two', 'three', 'one three'];
      const { embeddings, model, dimensions } = await processor.embed(texts);
      expect({ model, dimensions, count: embeddings.length }).toEqual({
        model: 'given',
        dimensions: 8,
        count: 3,
      });
      expect((await processor.embed([texts[1]!])).embeddings).toEqual([embeddings[1]]);
      const { headers, body } = server.lastRequest()!;
      expect(headers.authorization).toBe('Bearer embedder-key');
      expect(body).toEqual({ model: 'given', input: ['three'], encoding_format: 'float' });
      expect(server.requests()).toBe(2);
    },
  );

  it('names the length of its vectors in its health once it has made one, and asks for none before', async () => {
    processor = await start();
    const health = async () => (await (await fetch(`${processor.url}/health`)).json()) as ProcessorHealth;
    const { dimensions, ...known } = await health();
    expect([known.model, dimensions, server.requests()]).toEqual(['given', undefined, 0]);
    await processor.embed(['one']);
    expect(await health()).toEqual({ ...known, dimensions: 8 });
  });

  it('tells what may pass from what will not', async () => {
    processor = await start();
    const statuses = [
      [429, 503, 'embedder_unavailable'],
      [500, 503, 'embedder_unavailable'],
      [503, 503, 'embedder_unavailable'],
      [400, 422, 'embedder_refused'],
      [401, 422, 'embedder_refused'],
      [404, 422, 'embedder_refused'],
    ] as const;
    for (const [given, status, code] of statuses) {
      server.failNext(given, { 'retry-after': '7' });
      const response = await processor.post('/embed', { texts: ['a'] });
      expect(response.headers.get('retry-after')).toBe(status === 503 ? '7' : null);
      expect(await problem(response)).toEqual({ status, code });
      expect((await processor.post('/embed', { texts: ['a'] })).status).toBe(200);
    }
    expect(processor.lines.join()).not.toContain('embedder-key');
  });

  it('says so when it is slow or gone', async () => {
    processor = await start({ timeoutMs: 300 });
    const unavailable = { status: 503, code: 'embedder_unavailable' };
    server.delayMs = 1000;
    expect(await problem(await processor.post('/embed', { texts: ['a'] }))).toEqual(unavailable);
    await server.close();
    const unreachable = { status: 503, code: 'embedder_unreachable' };
    expect(await problem(await processor.post('/embed', { texts: ['a'] }))).toEqual(unreachable);
    server = await startEmbeddingsServer();
  });
});
