import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';

import {
  END,
  MIB,
  NDJSON,
  client,
  failure,
  line,
  listen,
  never,
  parse,
  respond,
  segment,
  serve,
  server,
  type Handler,
  useScriptedService,
} from '../../helpers/processors/scripted-service.ts';

useScriptedService();

describe('a file that turns out to be the wrong one', () => {
  const wrong = Object.assign(new Error('wrong'), { code: 'EIO' });
  const LARGE = 8 * MIB;
  /** Parses a file whose stream fails at its end. */
  const parseWrong = (size = 7, signal = never) => {
    const bytes = async function* () {
      for (let sent = 0; sent < size; sent += MIB) yield Buffer.alloc(Math.min(MIB, size - sent), 'x');
      throw wrong;
    };
    const stream = Readable.from(bytes(), { objectMode: false });
    const open = async () => ({ stream, size });
    return { stream, call: client.parse({ filename: 'a', mediaType: undefined, open }, signal, () => {}) };
  };
  /** Responds as soon as it has some of a request. */
  const serveEarly = (handler: Handler) =>
    listen(
      createServer((request, response) => {
        response.on('error', () => {});
        request.once('data', () => handler(response, request));
      }),
      {},
    );

  it('does not end as if the service were at fault', async () => {
    await serve(respond(END, NDJSON));
    await expect(parseWrong().call).rejects.toBe(wrong);
    await expect(parseWrong(LARGE).call).rejects.toBe(wrong);
  });

  it.each<[string, Handler]>([
    ['taken', respond(segment('x') + END, NDJSON)],
    ['taken, in JSON', respond('{"text":"x","metadata":{},"segments":[]}')],
    ['refused', respond('{"code":"encrypted","detail":"Locked."}', 'application/problem+json', 422)],
    ['refused in a line', respond(line({ type: 'error', code: 'corrupt', detail: 'Damaged.' }), NDJSON)],
    ['said to kill parsers', respond('{"code":"parser_crashed","detail":"x"}', 'application/json', 500)],
  ])('is not %s by a service that answers before it has all of it', async (_, handler) => {
    await serveEarly(handler);
    const { call, stream } = parseWrong(LARGE);
    await expect(call).rejects.toBe(wrong);
    expect(stream.destroyed).toBe(true);
  });

  it('is another matter than a service that goes away', async () => {
    await serveEarly((response) => response.destroy());
    expect(await failure(parseWrong(LARGE).call)).toBe('interrupted processor_lost');
    await client.close();
    server?.close();
    await serveEarly(respond('{"code":"busy","detail":"Later."}', 'application/problem+json', 429));
    expect(await failure(parseWrong(LARGE).call)).toBe('transient busy');
  });

  it('is another matter than a caller that gives up', async () => {
    const reason = new Error('cancelled');
    const caller = new AbortController();
    await serveEarly((_, request) => {
      request.pause();
      caller.abort(reason);
    });
    const { call, stream } = parseWrong(8 * LARGE, caller.signal);
    await expect(call).rejects.toBe(reason);
    expect(stream.destroyed).toBe(true);
  });
});

it('a service that answers before it has the whole file is believed once the file has proved right', async () => {
  const early = createServer((request, response) => {
    request.once('data', () => respond(segment('x') + END, NDJSON)(response, request));
  });
  await listen(early, {});
  expect((await parse(undefined, Buffer.alloc(8 * MIB))).text).toBe('x');
});
