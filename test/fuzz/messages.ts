import { LARGEST_READ_BYTES, MAX_MESSAGE_BYTES, type ClientMessage } from '../../src/contract/messages.ts';
import type { Random } from '../chaos/random.ts';

/** Few numbers, so that subscriptions are repeated, ended in any order, and ended twice. */
const MOST_IDS = 12;

type Fields = Record<string, unknown>;

/** Makes a valid message. @param jobs that exist */
function validMessage(random: Random, jobs: readonly string[]): ClientMessage {
  const id = random.int(0, MOST_IDS);
  const epoch = random.pick(['', 'another', '65f0c1a2b3c4d']);
  const since = random.chance(0.3) ? { since: { epoch, offset: random.int(0, 5000) } } : {};
  const type = 'subscribe' as const;
  return random.pick<() => ClientMessage>([
    () => ({ type, id, channel: 'jobs', jobs: [random.pick(jobs), `unknown ${id}`], ...since }),
    () => ({ type, id, channel: 'jobs', collection: 'papers', recent: random.int(0, 1000), ...since }),
    () => ({ type, id, channel: 'jobs', status: ['processing', 'failed'], ...since }),
    () => ({ type, id, channel: 'active', ...since }),
    () => ({ type, id, channel: 'batch', batch: random.pick(['march', 'no such batch']), ...since }),
    () => ({ type, id, channel: 'stats' }),
    () => ({ type: 'unsubscribe', id }),
    () => ({ type: 'unsubscribe', id }),
    () => ({ type: 'ping', id }),
    () => ({ type: 'ping' }),
    () => ({ type: 'auth', id, token: 'x'.repeat(random.int(1, 512)) }),
  ])();
}

/** Nests a value. */
function nested(depth: number, [open, close]: readonly [string, string]): unknown {
  return JSON.parse(open.repeat(depth) + '0' + close.repeat(depth)) as unknown;
}

const TEXTS = [
  '',
  '\u0000',
  '\ud800',
  'a\udfffb',
  '\u202eabc',
  '👩‍👩‍👧‍👦'.repeat(20),
  'é'.normalize('NFD'),
  '../../etc',
  '*',
  '__proto__',
  'constructor',
  'jobs',
  'Active',
  'subscribe ',
  'x'.repeat(129),
  'x'.repeat(40_000),
];
const NUMBERS = [-1, -0, 0.5, 1e308, 2 ** 53, 2 ** 31, Number.MAX_SAFE_INTEGER, 1001];

/** Makes a value that a field may lack a rule for. */
function strange(random: Random): unknown {
  return random.pick<() => unknown>([
    () => random.pick(TEXTS),
    () => random.pick(NUMBERS),
    () => random.pick([null, true, false, {}, []]),
    () => nested(random.int(1, 1000), ['[', ']']),
    () => nested(random.int(1, 500), ['{"since":', '}']),
    () => Array.from({ length: random.pick([0, 1, 2, 1000, 1001, 15_000]) }, (_, i) => i),
    () => Array.from({ length: random.int(1, 1001) }, (_, i) => `job-${i % 7}`),
    () => Array.from({ length: 3 }, () => random.pick(TEXTS)),
    () => ({ epoch: random.pick(TEXTS), offset: random.pick(NUMBERS) }),
    () => ({ epoch: 'a', offset: 1, more: random.pick(TEXTS) }),
    () => JSON.parse('{"__proto__":{"type":"ping"},"constructor":1}') as unknown,
  ])();
}

/** Changes the fields of a message. */
function changeFields(message: Fields, random: Random, other: Fields): Fields {
  const name = random.pick(Object.keys(message));
  return random.pick<() => Fields>([
    () => ({ ...message, [name]: strange(random) }),
    () => ({ ...message, [name]: strange(random) }),
    () => Object.fromEntries(Object.entries(message).filter(([key]) => key !== name)),
    () => ({ ...message, [random.pick(TEXTS)]: strange(random) }),
    () => ({ ...message, ...other }),
    () => Object.fromEntries(random.shuffle(Object.entries(message))),
    () => ({ [name.toUpperCase()]: message[name], ...message }),
  ])();
}

/** Changes the text of a message, which then may be no JSON. */
function changeText(text: string, random: Random): string {
  const at = random.int(0, text.length);
  return random.pick<() => string>([
    () => text.slice(0, at),
    () =>
      text.slice(0, at) +
      random.pick(['"', '\\', '{', ',', '\ufeff', '\\ud800', ' ', '1e9999']) +
      text.slice(at),
    () => text + text,
    () => `[${text},${text}]`,
    () => `\ufeff${text}`,
    () => text.replace('{', '{"type":"ping","type":"auth",'),
    () => text.padEnd(MAX_MESSAGE_BYTES + random.int(-1, 1), ' '),
    () => text.padEnd(random.int(MAX_MESSAGE_BYTES, LARGEST_READ_BYTES), ' '),
    () => '{"a":'.repeat(random.int(1, 12_000)),
    // Deeper than this test could write a value.
    () => text.replace(/:[^:]*$/, `:${'['.repeat(random.int(1, 30_000))}`),
    () => text.replace(/:[^:,]*$/, `:${'['.repeat(20_000)}${']'.repeat(20_000)}}`),
  ])();
}

/** One message, and how it is sent. */
export interface FuzzedMessage {
  text: string;
  /** `fragments`: in several frames, with pings between them. */
  way: 'text' | 'binary' | 'fragments';
}

/** Makes a message: valid ones as often as changed ones, so that the session has something to spoil. */
export function fuzzMessage(random: Random, jobs: readonly string[]): FuzzedMessage {
  let message = validMessage(random, jobs) as Fields;
  const isChanged = random.chance(0.7);
  if (isChanged)
    for (let count = random.int(1, 3); count > 0 && Object.keys(message).length > 0; count--)
      message = changeFields(message, random, validMessage(random, jobs));
  let text = JSON.stringify(message);
  if (isChanged && random.chance(0.2)) text = changeText(text, random);
  const way = random.chance(0.05) ? 'binary' : random.chance(0.15) ? 'fragments' : 'text';
  return { text, way };
}
