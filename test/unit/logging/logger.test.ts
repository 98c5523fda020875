import { Redis } from 'ioredis';
import { afterEach, expect, test, vi } from 'vitest';

import { createLogger, type Logger } from '../../../src/logging/logger.ts';

/** Bytes that a pipe keeps in one piece, however many processes write to it. */
const PIPE_BUF = 4096;

afterEach(() => {
  vi.useRealTimers();
});

function logTo(isTTY = false): { logger: Logger; lines: string[]; read: () => Record<string, unknown>[] } {
  const lines: string[] = [];
  const logger = createLogger('worker', { isTTY, write: (line) => lines.push(line) });
  return { logger, lines, read: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

test('a line is one JSON object with its level, its role and the fields of its logger', () => {
  const { logger, lines, read } = logTo();
  logger.with({ job: 'a' }).warn('waits', { stage: 'parse', absent: undefined });
  expect(read()).toEqual([
    {
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
      role: 'worker',
      pid: process.pid,
      job: 'a',
      stage: 'parse',
      message: 'waits',
    },
  ]);
  expect(lines[0]).toMatch(/^[^\n]*\n$/);
});

test.each([false, true])('foreign text forges no line and moves no cursor (terminal: %s)', (isTTY) => {
  const { logger, lines } = logTo(isTTY);
  const forged = `id\n2026-01-01T00:00:00.000Z error api: forged\r\u001b[2J\u0085\u2028\u202e\u009b2J`;
  logger.with({ job: forged }).error(forged, { forged, error: new Error(forged) });
  const text = lines.join('');
  expect(text.split('\n').filter((line) => /^2026-01-01|^id/.test(line))).toEqual([]);
  // oxlint-disable-next-line no-control-regex -- the test searches for control characters
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202e]/);
});

test('a terminal gets readable lines', () => {
  const { logger, lines } = logTo(true);
  logger.info('job completed', { job: 'a-1', chunks: 3, name: 'two words' });
  expect(lines[0]).toMatch(/^\S+ info worker: job completed job=a-1 chunks=3 name="two words"\n$/);
});

test('a line stays whole in a pipe that several processes share', () => {
  const { logger, lines, read } = logTo();
  for (const character of ['a', '\n', '"', 'é', '😀', '\u0001', '\u2028', '\ud800']) {
    const text = character.repeat(10_000);
    const fields = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`field_${i}`, text]));
    logger.with({ job: text }).error(text, { error: new Error(text, { cause: new Error(text) }), ...fields });
  }
  expect(read()).toHaveLength(8);
  for (const line of lines) {
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(PIPE_BUF);
    expect(line.isWellFormed()).toBe(true);
  }
});

test('an error of a script shows its words and not the script', async () => {
  const { logger, lines, read } = logTo();
  const redis = new Redis('redis://127.0.0.1:9', { lazyConnect: true, retryStrategy: null });
  redis.on('error', () => {});
  const error = await redis.eval('return "SECRET-SCRIPT"', 0).catch((reason: unknown) => reason as Error);
  const refused = Object.assign(new Error("NOPERM no permission to run the 'eval' command"), {
    name: 'ReplyError',
    command: { name: 'eval', args: ['return "SECRET-SCRIPT"'] },
  });
  logger.error('claiming failed', { error });
  logger.error('claiming failed', { error: refused });
  expect(lines.join('')).not.toContain('SECRET-SCRIPT');
  expect(read()[1]?.['error']).toEqual({ type: 'ReplyError', message: refused.message });
});

test('only an unforeseen error shows its stack, and every error its causes', () => {
  const { logger, read } = logTo();
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  logger.error('failed', { error: new Error('outer', { cause: new AggregateError([refused], 'all') }) });
  logger.error('failed', { error: Object.assign(new Error('outer', { cause: refused }), { code: 'away' }) });
  const [unforeseen, foreseen] = read().map(({ error }) => error as Record<string, string>);
  expect(unforeseen).toMatchObject({ stack: expect.stringContaining('logger.test.ts') as string });
  expect(unforeseen?.['cause']).toBe('AggregateError: all < Error: connect ECONNREFUSED');
  expect(foreseen).toEqual({
    type: 'Error',
    code: 'away',
    message: 'outer',
    cause: 'Error: connect ECONNREFUSED',
  });
});

test('a message repeated for ever fills no disk, and its count is not lost', () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'performance', 'Date'] });
  const { logger, read } = logTo();
  for (let i = 0; i < 1000; i++) logger.with({ job: `job-${i}` }).warn('claiming failed', { attempt: i });
  logger.warn('another message');
  expect(read()).toHaveLength(21);
  vi.advanceTimersByTime(60_000);
  expect(read().at(-1)).toMatchObject({ level: 'warn', message: 'claiming failed', left_out: 980 });
  logger.warn('claiming failed');
  expect(read().at(-1)).not.toHaveProperty('left_out');
});

test('how each job ended is always logged', () => {
  const { logger, lines } = logTo();
  for (let i = 0; i < 1000; i++) logger.with({ job: `job-${i}` }).info('job completed');
  expect(lines).toHaveLength(1000);
});

test('a field that JSON cannot hold breaks no line', () => {
  const { logger, read } = logTo();
  const circular: Record<string, unknown> = {};
  circular['self'] = circular;
  logger.info('odd', { circular, big: 1n, run: () => 1, nothing: null });
  expect(read()).toMatchObject([{ circular: '[object Object]', big: '1', nothing: null }]);
});

test('an error that is its own cause, and values without text, are written', () => {
  const { logger, read } = logTo();
  const error = new Error('in circles');
  error.cause = error;
  const many: Error = new AggregateError([], 'many');
  many.cause = Object.assign(new AggregateError([many]), { cause: Object.create(null) as unknown });
  const circle: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  circle['self'] = circle;
  logger.error('failed', { error, many, circle });
  expect(read()).toMatchObject([{ message: 'failed', error: { message: 'in circles' } }]);
});
