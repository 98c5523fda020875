import { text } from 'node:stream/consumers';

import type { ParseEvent } from '../../contract/services/processor.ts';
import { ProcessorError, toProcessorError } from '../errors.ts';
import type { Pool } from '../pool/pool.ts';
import type { PageName } from '../parsers/ocr/recognition.ts';
import type { Task, UnreadPages } from '../pool/protocol.ts';
import { TaskRun, type Caller, type PendingResponse } from '../pool/task-run.ts';
import type { OcrData } from './languages.ts';

type ParseTask = Extract<Task, { kind: 'parse' }>;

/** Most pages of a document to read by OCR: half an hour on a core. */
const MAX_PAGES = 1000;
/**
 * Longest time for the OCR of a document, as a multiple of the longest silence. With both parses, it stays below the
 * longest call.
 */
const MAX_SILENCES = 60;
/**
 * Tasks of a document that may end their child. After them OCR gives the document up, because the document harms the
 * pool.
 */
const MAX_DEATHS = 3;
/** Pages in a row that cannot be read. A damaged file may have thousands. */
const MAX_FAILURES = 20;
/** Codes of a task whose child died or was killed. */
const DEATHS: readonly string[] = ['parser_crashed', 'internal', 'deadline', 'takes_too_long'];

export interface OcrOptions {
  pool: Pool;
  data: OcrData;
  /** Longest silence of a response, and longest time of a page, in ms. */
  timeoutMs: number;
  /** Pages of a document to read at once. */
  atOnce: number;
}

/**
 * Parses a document, and reads by OCR what the parser cannot. OCR takes its turns page by page, so other documents wait
 * for one page at most. A page that OCR cannot read counts as unread, and fails nothing.
 * @param onEnd called once, as soon as no child needs the file
 */
export function parseWithOcr(
  task: ParseTask,
  caller: Caller,
  options: OcrOptions,
  onEnd: () => void,
): PendingResponse {
  const whole = new TaskRun(task, caller, onEnd);
  const { pool, timeoutMs } = options;
  const first = pool.run(task, caller);
  void first.turn.then(() => whole.begin());
  const respond = async () => {
    for await (const bytes of await first.response) whole.bytes(bytes);
    if (!first.unread) return;
    // Empty lines keep the caller's timeout from firing while its pages wait for their turns.
    const isLines = task.format === 'ndjson';
    const send = (line: string) => isLines && whole.bytes(Buffer.from(`${line}\n`));
    const signs = setInterval(() => send(''), timeoutMs / 3);
    try {
      const texts = await readPages(task, first.unread, caller, options, (event) =>
        send(JSON.stringify(event)),
      );
      const recognized = { texts, sentSegments: first.unread.sentSegments };
      for await (const bytes of await pool.run({ ...task, recognized }, caller).response) whole.bytes(bytes);
    } finally {
      clearInterval(signs);
    }
  };
  respond().then(
    () => whole.done(),
    (error: unknown) => whole.fail(toProcessorError(error)),
  );
  return whole;
}

/** Reads pages within the budget, several at once. @returns the texts by page, without the pages that it could not read */
async function readPages(
  { path, filename, mediaType, maxTextChars }: ParseTask,
  { pages, pagesDone, pagesTotal }: UnreadPages,
  caller: Caller,
  { pool, data, timeoutMs, atOnce }: OcrOptions,
  report: (event: ParseEvent) => void,
): Promise<Map<PageName, string>> {
  const texts = new Map<PageName, string>();
  const pageTask = { kind: 'ocr', path, filename, mediaType, maxTextChars, timeoutMs, data } as const;
  const until = performance.now() + MAX_SILENCES * timeoutMs;
  const waiting = pages.slice(0, MAX_PAGES);
  const total = waiting.length;
  let chars = 0;
  let deaths = 0;
  let failures = 0;
  let done = 0;
  const tell = () =>
    report({
      type: 'progress',
      pages_done: pagesDone + done,
      pages_total: pagesTotal,
      ocr_done: done,
      ocr_total: total,
    });
  const mayGoOn = () =>
    deaths < MAX_DEATHS && failures < MAX_FAILURES && chars <= maxTextChars && performance.now() < until;
  const readInTurn = async () => {
    for (let page; mayGoOn() && (page = waiting.shift()) !== undefined;) {
      try {
        const read = pool.run({ ...pageTask, page }, caller);
        const markdown = await text(await read.response);
        chars += markdown.length;
        failures = 0;
        if (markdown !== '') texts.set(page, markdown);
      } catch (error) {
        if (caller.signal.aborted) throw error;
        failures++;
        if (error instanceof ProcessorError && DEATHS.includes(error.code)) deaths++;
      }
      done++;
      tell();
    }
  };
  tell();
  await Promise.all(Array.from({ length: atOnce }, readInTurn));
  return texts;
}
