import type { Task } from './protocol.ts';

/** Work of about 50 ms on one core: characters for the bundled model, bytes for other tasks. */
const CHARS_EMBEDDED = 500;
const BYTES_PARSED = 64 * 1024;
const BYTES_CHUNKED = 1024 * 1024;

/** Cost of a task that may hold its child for seconds or minutes. It exceeds a batch of embeddings. */
const LONG = 8;

/** Estimates a task's work. No process knows a file's content before a child reads it, so its size decides. */
export function costOf(task: Task): number {
  switch (task.kind) {
    case 'embed':
      return 1 + task.texts.reduce((chars, { length }) => chars + length, 0) / CHARS_EMBEDDED;
    case 'parse':
      return 1 + task.bytes / BYTES_PARSED;
    case 'chunk':
      return 1 + task.bytes / BYTES_CHUNKED;
  }
}

/** Classifies tasks by how they hold a child. An embedding takes a moment, but there are many. */
export function weightOf(task: Task): 'short' | 'long' | 'embed' {
  if (task.kind === 'embed') return 'embed';
  return costOf(task) > LONG ? 'long' : 'short';
}
