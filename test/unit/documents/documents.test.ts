import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';

import { CATALOGUE } from '../../documents/catalogue.ts';
import { DOCUMENT_NAMES, documentBytes, documentPages } from '../../documents/documents.ts';
import { ProcessorError } from '../../../src/processor/errors.ts';
import { parsed } from '../../helpers/documents/parsed.ts';
import { wordsOf } from '../../helpers/documents/words.ts';

/** The longest document. The same builder makes `report-150p.pdf`, its first pages. */
const LONGEST = 'report-600p.pdf';

it.each(DOCUMENT_NAMES.filter((name) => name !== LONGEST))(
  '%s has the same bytes whenever it is built',
  async (name) => {
    const kept = await documentBytes(name);
    const built = await CATALOGUE[name]?.();
    expect(Buffer.compare(kept, built?.bytes ?? Buffer.alloc(0))).toBe(0);
    expect(await documentPages(name)).toEqual(built?.pages);
  },
);

/** Unreadable documents, and their error codes. */
const UNREADABLE: Readonly<Record<string, string>> = {
  'password.pdf': 'encrypted',
  'password.xlsx': 'encrypted',
  'cut-off.pdf': 'corrupt',
  // OCR is no part of a single parse.
  'scan.pdf': 'no_text_layer',
  'scan.png': 'no_text_layer',
  'empty.txt': 'no_text',
};
const READABLE = DOCUMENT_NAMES.filter(
  (name) => !Object.hasOwn(UNREADABLE, name) && name !== 'report-150p.pdf',
);
/**
 * Documents of which the reader returns more than the author wrote: page heads and feet, sheet names, a mail's head.
 */
const WITH_MORE = [
  LONGEST,
  'regatta.xlsx',
  'mail-base64.eml',
  'mail-utf-16.eml',
  'mail-attachments.eml',
  'message.msg',
  'winmail.dat',
  'letters.mbox',
  'regatta.xls',
];
/** Pages in the wrong order: the reader takes justified lines whose words lie below each other for a table. */
const MOST_OUT_OF_ORDER: Readonly<Record<string, number>> = { [LONGEST]: 20 };

it('the shorter report is the beginning of the longest document', async () => {
  const pages = await documentPages('report-150p.pdf');
  expect(pages).toHaveLength(150);
  expect((await documentPages(LONGEST)).slice(0, 149)).toEqual(pages.slice(0, 149));
});

it.each(READABLE)('%s is read word for word, page by page', async (name) => {
  const pages = await documentPages(name);
  const { segments } = await parsed(await documentBytes(name), name);
  let outOfOrder = 0;
  for (const [index, page] of pages.entries()) {
    const own = segments.filter((segment) => pages.length === 1 || segment.page === index + 1);
    const read = wordsOf(own.map(({ text }) => text).join('\n'));
    const wrote = wordsOf(page);
    if (!WITH_MORE.includes(name)) expect(read.length).toBe(wrote.length);
    expect(missing(wrote, read)).toEqual([]);
    if (!inOrder(wrote, read)) outOfOrder++;
  }
  expect(outOfOrder).toBeLessThanOrEqual(MOST_OUT_OF_ORDER[name] ?? 0);
});

/** Lists the words that the reader returned less often than the author wrote them. */
function missing(wrote: readonly string[], read: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const word of read) left.set(word, (left.get(word) ?? 0) + 1);
  return wrote.filter((word) => {
    const count = left.get(word) ?? 0;
    left.set(word, count - 1);
    return count <= 0;
  });
}

/** Returns whether the reader returned all words in the written order, with or without others in between. */
function inOrder(wrote: readonly string[], read: readonly string[]): boolean {
  let found = 0;
  for (const word of read) if (word === wrote[found]) found++;
  return found === wrote.length;
}

it.each(Object.entries(UNREADABLE))('%s cannot be read: %s', async (name, code) => {
  const error = await parsed(await documentBytes(name), name).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ProcessorError);
  expect(error).toMatchObject({ code });
});

it('holds the answer to every question of the recall bench, once', async () => {
  const path = new URL('../../bench/ingest/recall-questions.json', import.meta.url);
  const { questions } = JSON.parse(await readFile(path, 'utf8')) as {
    questions: { file: string; quote: string }[];
  };
  expect(questions).toHaveLength(48);
  for (const { file, quote } of questions) {
    const text = wordsOf((await documentPages(file)).join(' ')).join(' ');
    expect([quote, text.split(wordsOf(quote).join(' ')).length - 1]).toEqual([quote, 1]);
  }
});
