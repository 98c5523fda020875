import { beforeAll, expect, it } from 'vitest';

import { laughingPdf, pdfOfPages } from '../../helpers/documents/bombs.ts';
import { docx, epub, wordParagraph, zip } from '../../helpers/documents/office-files.ts';
import {
  onePagePdf,
  pdf,
  PDF_CATALOGUE,
  pdfText,
  spacesStream,
} from '../../helpers/documents/pdf-objects.ts';
import { parseOutcome } from '../../helpers/documents/parse-outcome.ts';
import { MOST_CHILD_MIB, PeakMemory } from '../../helpers/measures/peak-memory.ts';
import { processorChildren } from '../../helpers/processors/processor-children.ts';
import { startTestProcessor } from '../../helpers/processors/processor.ts';
import { use } from '../../helpers/servers/use.ts';

const TIMEOUT_MS = 4000;
const MIB = 1024 * 1024;

const processor = use(() => startTestProcessor({ timeoutMs: TIMEOUT_MS }));
let memory: PeakMemory;

beforeAll(() => {
  memory = new PeakMemory();
});

async function outcome(
  content: Uint8Array<ArrayBuffer> | string,
  filename: string,
  url = processor.url,
): Promise<string> {
  const response = await parseOutcome(url, content, filename);
  return 'text' in response ? response.text : response.code;
}

/** The table of an archive says that a member is far smaller, or larger, than it is. */
function lyingAbout(archive: Buffer, name: string, size: number): Buffer<ArrayBuffer> {
  const copy = Buffer.from(archive);
  for (const [signature, sizeAt] of [
    ['PK\x01\x02', 24],
    ['PK\x03\x04', 22],
  ] as const) {
    for (let at = copy.indexOf(signature); at !== -1; at = copy.indexOf(signature, at + 4)) {
      const nameAt = at + (signature === 'PK\x01\x02' ? 46 : 30);
      if (copy.subarray(nameAt, nameAt + name.length).toString() === name)
        copy.writeUInt32LE(size, at + sizeAt);
    }
  }
  return copy;
}

const WORD_TYPE =
  '<Types><Override ContentType="application/vnd.ms-word.wordprocessingml.document.main+xml"/></Types>';

/** A mail to which the same file is attached several times. */
function mailOf(file: Buffer, count: number): string {
  const parts = Array.from(
    { length: count },
    (_, index) =>
      `--b\nContent-Disposition: attachment; filename="${index}.docx"\nContent-Transfer-Encoding: base64\n\n${file.toString('base64')}\n`,
  );
  return `From: a@x.test\nSubject: Bombs\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n${parts.join('')}--b--\n`;
}

const COSTLY = /^(?:deadline|takes_too_long|parser_crashed)$/;

/** At worst a bomb costs its child, by the deadline or by the limit on memory; nobody else notices. */
it.each<[string, RegExp, () => Uint8Array<ArrayBuffer> | string, string]>([
  ['a page that unpacks to a gibibyte', COSTLY, () => onePagePdf({ stream: spacesStream(1024) }), 'a.pdf'],
  ['a page that draws without end', COSTLY, () => laughingPdf(pdfText('lol')), 'a.pdf'],
  [
    'a book of one endless line',
    /^(?:text_too_long|deadline|takes_too_long|parser_crashed)$/,
    () => epub([`<p>${'word '.repeat(5_000_000)}</p>`]),
    'a.epub',
  ],
  [
    'a member that is larger than it says',
    /^(?:corrupt|text_too_long|no_text|words)$/,
    () => lyingAbout(docx('<w:p/>'.repeat(3_000_000)), 'word/document.xml', 1000),
    'a.docx',
  ],
  [
    'a member that is smaller than it says',
    /^(?:corrupt|text_too_long|words)$/,
    () => lyingAbout(docx(wordParagraph('words')), 'word/document.xml', 0xfff0_0000),
    'a.docx',
  ],
  [
    'an archive in an archive in an archive',
    /^unsupported_type$/,
    () => zip({ 'a.zip': zip({ 'b.zip': zip({ 'c.txt': 'x'.repeat(10 * MIB) }) }) }),
    'a.zip',
  ],
  [
    'a mail with ten archives, each of which unpacks to 200 MiB,',
    /^(?:# Bombs\n[^]*\n- 9\.docx \(.*\)|deadline|takes_too_long|parser_crashed)$/,
    () =>
      mailOf(
        zip({ '[Content_Types].xml': WORD_TYPE, 'word/document.xml': Buffer.alloc(200 * MIB, ' ') }),
        10,
      ),
    'a.eml',
  ],
  [
    'very many headings under a long one',
    /^text_too_long$/,
    () => `# ${'long '.repeat(30)}\n${'## x\n'.repeat(500_000)}`,
    'a.md',
  ],
])('%s costs no more than a child, while a memo is read', async (_, expected, content, filename) => {
  const bomb = outcome(content(), filename);
  expect(await outcome('A memo.', 'memo.txt')).toBe('A memo.');
  expect(await bomb).toMatch(expected);
  expect(await outcome('A memo.', 'memo.txt')).toBe('A memo.');
});

it.each<[string, RegExp, () => Buffer<ArrayBuffer>]>([
  ['claims 20,000 pages and has one', /^(?:words|corrupt)$/, () => pdfOfPages('3 0 R', 20_000)],
  [
    'has a tree of pages without leaves',
    /^(?:no_text_layer|corrupt)$/,
    () => pdfOfPages('2 0 R 2 0 R', 1000),
  ],
  ['has no pages', /^(?:no_text_layer|corrupt)$/, () => pdfOfPages('', 0)],
  ['has arrays a million deep', /^corrupt$/, () => pdf([PDF_CATALOGUE, '['.repeat(1_000_000)])],
])('a PDF that %s is read or refused', async (_, expected, content) => {
  expect(await outcome(content(), 'a.pdf')).toMatch(expected);
});

it('a page that the first reader never ends with is read by the second, and costs no more than a child', async () => {
  const before = processorChildren();
  // The second reader has two thirds of this, which is enough for a busy machine to load it.
  await using own = await startTestProcessor({ children: 1, timeoutMs: 15_000 });
  await expect.poll(() => outcome('A memo.', 'memo.txt', own.url)).toBe('A memo.');
  const children = processorChildren().filter((pid) => !before.includes(pid));
  expect(await outcome(laughingPdf('', pdfText('words')), 'a.pdf', own.url)).toBe('words');
  // Another takes the place of the one whose first reader is still at it.
  const left = () => processorChildren().filter((pid) => children.includes(pid)).length;
  await expect.poll(left).toBe(children.length - 1);
  expect(await outcome('A memo.', 'memo.txt', own.url)).toBe('A memo.');
});

it('none of these has taken more memory than a child is granted', async () => {
  expect(await memory.stop()).toBeLessThan(MOST_CHILD_MIB);
});
