import type { ParseEvent } from '../contract/services/processor.ts';
import { toProcessorError } from './errors.ts';
import type { PendingResponse } from './pool/task-run.ts';
import { settleWithin } from './settle-within.ts';

/** JSON allows blanks before it. This one only says that the service is alive. */
const STILL_HERE = Buffer.from(' ');

type Bytes = AsyncIterable<Uint8Array>;

/**
 * Opens a body for a task that may wait long for its turn. It sends a blank every `everyMs` ms, so that the caller's
 * timeout does not fire. From its turn on, the deadline limits the task. Resolves with the first bytes, or after
 * `everyMs`.
 * @throws {ProcessorError} the task's error until then; later errors fail the body
 */
export async function responseInTurn(pending: PendingResponse, everyMs: number): Promise<Bytes> {
  // The caller does not handle its rejection during the wait.
  pending.response.catch(() => {});
  const soon = await settles(pending.turn, everyMs);
  return soon ? pending.response : afterBlanks(pending, everyMs);
}

/** Opens a body for a response that comes as a whole. It sends blanks until then, however long the work takes. */
export function responseWhenDone({ response }: PendingResponse, everyMs: number): Promise<Bytes> {
  const turn = Promise.allSettled([response]).then(() => {});
  return responseInTurn({ response, turn }, everyMs);
}

async function* afterBlanks(
  { turn, response }: PendingResponse,
  everyMs: number,
): AsyncGenerator<Uint8Array> {
  do yield STILL_HERE;
  while (!(await settles(turn, everyMs)));
  yield* await response;
}

async function settles(promise: Promise<void>, ms: number): Promise<boolean> {
  return (await settleWithin(ms, promise, 'late')) !== 'late';
}

/** Ends a failing NDJSON body with the error as its last line. */
export async function* withErrorLine(body: Bytes): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (thrown) {
    const { code, message } = toProcessorError(thrown);
    const line: ParseEvent = { type: 'error', code, detail: message };
    yield Buffer.from(`${JSON.stringify(line)}\n`);
  }
}
