import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { afterEach, expect, test } from 'vitest';

import { codesWith } from '../../../src/contract/error-codes.ts';
import {
  ClientMessageSchema,
  CLOSE,
  MAX_MESSAGE_BYTES,
  ServerMessageSchema,
  type ServerMessage,
} from '../../../src/contract/messages.ts';
import { WholeNumberSchema } from '../../../src/contract/scalars.ts';
import { Random } from '../../chaos/random.ts';
import { fragments, LAST_BYTES } from '../../fuzz/frames.ts';
import { fuzzMessage, type FuzzedMessage } from '../../fuzz/messages.ts';
import { TestClient } from '../../helpers/clients/ws.ts';
import { liveHeapMiB } from '../../helpers/measures/live-heap.ts';
import { GatewayNode } from '../../helpers/servers/gateway-node.ts';
import { use, useRedis } from '../../helpers/servers/use.ts';
import { TestJobs } from '../../helpers/stores/test-jobs.ts';

const { FUZZ_SEED, FUZZ_CASES } = process.env;
const SEED = FUZZ_SEED ?? randomUUID().slice(0, 8);
const SESSIONS = Math.ceil(Number(FUZZ_CASES ?? 2000) / 50);
const MESSAGES = 50;
/** Number of the ping behind the first message of a session. */
const FIRST_PING = 1_000_000;
/** Close codes of the protocol, and those of WebSockets for frames and text that are none. */
const CODES: number[] = [CLOSE.tooLarge, 1002, 1007];
/** Messages that may come at any time, because of an earlier subscription. */
const PUSHED: ServerMessage['type'][] = [
  'welcome',
  'snapshot',
  'update',
  'gone',
  'batch',
  'stats',
  'conflated',
];
const isPushed = (message: ServerMessage) =>
  PUSHED.includes(message.type) || (message.type === 'error' && message.code === 'batch_not_found');
const JOBS = ['first', 'second', 'third'];

const redis = useRedis();
const node = use(() => GatewayNode.start(redis.url, ['gateway'], ['--inspect=127.0.0.1:0']));
const jobs = new TestJobs(redis);
let clients: TestClient[] = [];
afterEach(() => {
  for (const { socket } of clients) socket.terminate();
  clients = [];
});

async function open(): Promise<TestClient> {
  const client = new TestClient(`${node.url}/ws`);
  clients.push(client);
  await client.opened;
  return client;
}

function send({ socket, tcp }: TestClient, { text, way }: FuzzedMessage, random: Random): void {
  if (way === 'fragments') tcp.write(fragments(text, random));
  else socket.send(way === 'binary' ? Buffer.from(text) : text);
}

/** Says what a message must get: its own response, an error, or an error with its number. */
function expected({ text, way }: FuzzedMessage): { refused: boolean; id: unknown } {
  if (way === 'binary' || Buffer.byteLength(text) > MAX_MESSAGE_BYTES)
    return { refused: true, id: undefined };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { refused: true, id: undefined };
  }
  const { id } = (Array.isArray(value) ? {} : (value ?? {})) as { id?: unknown };
  return { refused: !v.is(ClientMessageSchema, value), id: v.is(WholeNumberSchema, id) ? id : undefined };
}

/** Checks the responses to each message of a session, which the pongs divide. */
function check(sent: readonly FuzzedMessage[], heard: readonly ServerMessage[]): void {
  let from = 0;
  for (const [i, message] of sent.entries()) {
    const to = heard.findIndex((each) => each.type === 'pong' && each.id === FIRST_PING + i);
    const own = heard.slice(from, to).filter((each) => !isPushed(each));
    from = to + 1;
    const { refused, id } = expected(message);
    const errors = own.filter((each) => each.type === 'error');
    const name = `${message.way} ${message.text.slice(0, 300)} got ${JSON.stringify(own).slice(0, 300)}`;
    for (const { code } of errors) expect(codesWith('push'), name).toContain(code);
    if (!refused) continue;
    expect(own, name).toHaveLength(1);
    expect(errors, name).toHaveLength(1);
    expect(errors[0]?.id, name).toBe(id);
  }
}

async function session(random: Random): Promise<void> {
  const client = await open();
  const sent: FuzzedMessage[] = [];
  for (let i = 0; i < MESSAGES; i++) {
    const message = fuzzMessage(random, JOBS);
    sent.push(message);
    send(client, message, random);
    client.send({ type: 'ping', id: FIRST_PING + i });
  }
  const last = FIRST_PING + MESSAGES - 1;
  await expect.poll(() => client.of('pong').some(({ id }) => id === last)).toBe(true);
  for (const message of client.messages) v.parse(ServerMessageSchema, message);
  check(sent, client.messages);
  if (random.chance(0.3)) return client.socket.terminate();
  client.tcp.write(random.pick(Object.values(LAST_BYTES))(random));
  expect(CODES).toContain((await client.closed).code);
}

test(`a session outlives any message, and no other client suffers (FUZZ_SEED=${SEED})`, async () => {
  const claimed = await jobs.claimAll(JOBS);
  const good = await open();
  good.send({ type: 'subscribe', id: 1, channel: 'active' });
  const random = new Random(SEED);
  const half = async () => {
    for (let i = 0; i < SESSIONS / 2; i++) {
      const begun = good.of('pong').length;
      good.send({ type: 'ping', id: i });
      await jobs.step(claimed[i % JOBS.length]!, 61 + Math.floor((i * 18) / SESSIONS));
      await session(random);
      await expect.poll(() => good.of('pong').length).toBe(begun + 1);
    }
    return liveHeapMiB(node.printed);
  };
  // The first half finds code that was not compiled yet, and the like.
  const before = await half();
  expect((await half()) - before).toBeLessThan(2);
  for (const job of claimed) await jobs.complete(job);
  await expect.poll(() => good.of('gone').flatMap((gone) => gone.jobs).length).toBe(JOBS.length);
  for (const id of JOBS) {
    const states = good.states(id);
    expect(states.at(-1)?.status).toBe('completed');
    const versions = states.map(({ version }) => version);
    expect(versions).toEqual([...new Set(versions)].toSorted((a, b) => a - b));
  }
  expect([...new Set(good.messages.map(({ type }) => type))].toSorted()).toEqual(
    ['gone', 'pong', 'snapshot', 'update', 'welcome'].toSorted(),
  );
  good.socket.terminate();
  await node.emptied();
  expect(await node.metric('sluice_feed_watches')).toBe(0);
});

test.each(Object.entries(LAST_BYTES))('%s ends a session with a documented code', async (_, bytes) => {
  const client = await open();
  client.tcp.write(bytes(new Random(SEED)));
  expect(CODES).toContain((await client.closed).code);
  await node.emptied();
});
