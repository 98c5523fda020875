/**
 * A child of the pool. It takes one task at a time from its parent and responds in bytes. The parent makes and
 * removes all files, because it may kill the child at any moment.
 */
import { chunkResponse } from './chunk-response.ts';
import { embedTexts, loadModel } from './embedders/bundled-model.ts';
import { toProcessorError } from './errors.ts';
import { ocrResponse } from './ocr/ocr-task.ts';
import { parseResponse } from './ocr/parse-task.ts';
import { hasAbandonedWork } from './parsers/abandon-when-silent.ts';
import { WITH_MODEL, type ChildMessage, type Task } from './pool/protocol.ts';

/** Sends a message and waits until it has left, so that a large response does not pile up here. */
function send(message: ChildMessage): Promise<void> {
  return new Promise((resolve) => process.send?.(message, undefined, {}, () => resolve()));
}

/** Performs a task. Yields the response in pieces, or 'alive' for progress without bytes. */
function perform(task: Task): AsyncIterable<Uint8Array | 'alive'> {
  switch (task.kind) {
    case 'parse':
      return parseResponse(task, {
        unread: (unread) => send({ type: 'unread', unread }),
        alive: () => send({ type: 'alive' }),
      });
    case 'ocr':
      return ocrResponse(task);
    case 'chunk':
      return chunkResponse(task.source, task.maxTextChars);
    case 'embed':
      return embedTexts(task.texts);
  }
}

/**
 * Ignores late rejections. A reader may leave a promise that rejects after its task. The task itself reports failure.
 * The embedding library's own listeners would end the process.
 */
function surviveLateRejections(): void {
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', (reason) => process.stderr.write(`${String(reason)}\n`));
}

async function work(task: Task): Promise<void> {
  surviveLateRejections();
  try {
    for await (const piece of perform(task)) {
      await send(piece === 'alive' ? { type: 'alive' } : { type: 'bytes', bytes: piece });
    }
    if (hasAbandonedWork()) await send({ type: 'spent' });
    await send({ type: 'done' });
  } catch (error) {
    const { code, message, cause } = toProcessorError(error);
    if (hasAbandonedWork()) await send({ type: 'spent' });
    const forLog = cause instanceof Error ? { cause: cause.stack ?? cause.message } : {};
    await send({ type: 'failed', code, detail: message, ...forLog });
  }
}

process.on('message', (task: Task) => void work(task));
process.on('disconnect', () => process.exit());
// A terminal sends these to the whole group. Only the parent decides when to stop.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});

await send({ type: 'ready' });
// The first embedding fails again and reports the error.
if (process.argv.includes(WITH_MODEL)) await loadModel().catch(() => {});
