import { describe, expect, it } from 'vitest';

import {
  BAD,
  END,
  MIB,
  NDJSON,
  chunk,
  client,
  embed,
  endless,
  failure,
  line,
  parse,
  respond,
  segment,
  serve,
  sockets,
  useScriptedService,
} from '../../helpers/processors/scripted-service.ts';

useScriptedService();

/** Far below what the services here would send, and far above what a call may hold. */
const MAX_HELD_MIB = 250;

/** How a call fails that must not hold much. */
async function heldLittle(call: () => Promise<unknown>): Promise<string> {
  const before = process.memoryUsage().rss;
  const outcome = await failure(call());
  expect((process.memoryUsage().rss - before) / MIB).toBeLessThan(MAX_HELD_MIB);
  return outcome;
}

it('an answer with millions of faults takes no more memory than one with a single fault', async () => {
  const faults = 'null,'.repeat(2_000_000);
  await serve(respond(`{"embeddings":[[${faults}0]],"model":"m","dimensions":1}`));
  expect(await heldLittle(embed)).toBe(BAD);
});

describe('an answer without an end', () => {
  const held = async (call: () => Promise<unknown>) => {
    const outcome = await heldLittle(call);
    await expect.poll(() => sockets.size).toBe(0);
    return outcome;
  };

  it.each<[string, string, string, () => Promise<unknown>]>([
    ['of blanks', NDJSON, ' '.repeat(64 * 1024), () => parse()],
    [
      'of progress',
      NDJSON,
      line({ type: 'progress', pages_done: 1, pages_total: 2 }).repeat(1000),
      () => parse(),
    ],
    ['of JSON', 'application/json', `{"text":"${'x'.repeat(64 * 1024)}`, () => parse()],
    ['of empty lines', NDJSON, '\n'.repeat(64 * 1024), () => parse()],
    ['from /chunk', 'application/json', ' '.repeat(64 * 1024), chunk],
    ['from /embed', 'application/json', ' '.repeat(64 * 1024), embed],
    ['from /health', 'application/json', ' '.repeat(64 * 1024), () => client.health()],
  ])('%s is cut off', async (_, type, piece, call) => {
    await serve(endless(type, () => piece));
    expect(await held(call)).toBe(BAD);
  });

  it('of one line is cut off long before a text would be too long', async () => {
    await serve(
      endless(NDJSON, () => 'x'.repeat(64 * 1024)),
      { maxTextChars: 20_000_000 },
    );
    expect(await held(() => parse())).toBe(BAD);
  });

  it('after its last line is cut off', async () => {
    await serve(endless(NDJSON, (index) => (index === 0 ? END : ' '.repeat(64 * 1024))));
    expect(await held(() => parse())).toBe(BAD);
  });

  it('of text is too long', async () => {
    await serve(endless(NDJSON, () => segment('x'.repeat(100))));
    expect(await held(() => parse())).toBe('permanent text_too_long');
  });

  it('with an error is no error of its own', async () => {
    await serve((response) => {
      response.writeHead(422, { 'content-type': 'application/problem+json' });
      response.on('error', () => {});
      const more = () => void (!response.destroyed && response.write(' '.repeat(64 * 1024), more));
      more();
    });
    expect(await held(chunk)).toBe('transient http_422');
  });

  it.each<[string, () => Promise<unknown>, string]>([
    ['a parse', () => parse(), NDJSON],
    ['a chunking', chunk, 'application/json'],
  ])('in drops ends %s when its time is over', async (_, call, type) => {
    await serve(
      endless(type, () => ' ', 20),
      { callMs: 500 },
    );
    expect(await held(call)).toBe('transient deadline');
  });

  it('in silence ends a call when it has been silent too long', async () => {
    await serve((response) => void response.writeHead(200, { 'content-type': NDJSON }).write('\n'), {
      timeoutMs: 300,
    });
    expect(await held(() => parse())).toBe('transient deadline');
  });
});
