import { setTimeout as sleep } from 'node:timers/promises';

import type { ParseEvent } from '../contract/processor.ts';
import { toProcessorError, type ProcessorError } from './errors.ts';
import type { PendingResponse } from './pool/task-run.ts';

/** JSON may have blanks before it: a byte that says only "still here". */
const STILL_HERE = Buffer.from(' ');

type Bytes = AsyncIterable<Uint8Array>;

/**
 * The body of a response that may wait long for its turn. Meanwhile there is a blank every `everyMs`, so that
 * the caller's own timeout does not mistake it for dead; what happens from its turn on, the deadline limits.
 * Resolves with the first bytes, or after one such time of waiting.
 * @throws {ProcessorError} what the task fails with until then; later the body fails with it
 */
export async function responseInTurn(pending: PendingResponse, everyMs: number): Promise<Bytes> {
  // While its turn is awaited, nobody has taken hold of it yet.
  pending.response.catch(() => {});
  const soon = await settlesWithin(pending.turn, everyMs);
  return soon ? pending.response : afterBlanks(pending, everyMs);
}

/** The same for a response that comes as a whole: there are blanks until it does, however long the work takes. */
export function responseWhenDone({ response }: PendingResponse, everyMs: number): Promise<Bytes> {
  const done = response.then(
    () => {},
    () => {},
  );
  return responseInTurn({ response, turn: done }, everyMs);
}

async function* afterBlanks(
  { turn, response }: PendingResponse,
  everyMs: number,
): AsyncGenerator<Uint8Array> {
  do yield STILL_HERE;
  while (!(await settlesWithin(turn, everyMs)));
  yield* await response;
}

async function settlesWithin(promise: Promise<void>, ms: number): Promise<boolean> {
  const settled = new AbortController();
  const timer = sleep(ms, false, { signal: settled.signal }).catch(() => false);
  return Promise.race([promise.then(() => true), timer]).finally(() => settled.abort());
}

/** An NDJSON body that, where it fails, ends in the failure as its last line. */
export async function* withErrorLine(body: Bytes): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (thrown) {
    const { code, message } = toProcessorError(thrown);
    const line: ParseEvent = { type: 'error', code, detail: message };
    yield Buffer.from(`${JSON.stringify(line)}\n`);
  }
}

/** A JSON body that, where it fails, is cut off: no caller must take the part for the whole. */
export async function* withCut(
  body: Bytes,
  cut: (error: ProcessorError) => void,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (thrown) {
    cut(toProcessorError(thrown));
  }
}
