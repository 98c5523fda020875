import type { Task } from './protocol.ts';

/** What takes about as long, 50 ms, on one core: so many characters for the bundled model, so many bytes else. */
const CHARS_EMBEDDED = 500;
const BYTES_PARSED = 64 * 1024;
const BYTES_CHUNKED = 1024 * 1024;

/** Costlier than a batch of texts to embed: it may hold its child for seconds, or minutes. */
const LONG = 8;

/** About how much work a task is. What a file is made of is not known before it is read: its size must do. */
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

/** Tasks by how they hold a child: an embedding for a moment, but in great numbers. */
export function weightOf(task: Task): 'short' | 'long' | 'embed' {
  if (task.kind === 'embed') return 'embed';
  return costOf(task) > LONG ? 'long' : 'short';
}
