import { readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Readable } from 'node:stream';
import { beforeAll, expect, it } from 'vitest';

import { ProcessorClient } from '../../../src/processor-client/processor-client.ts';
import {
  docx,
  epub,
  openDocument,
  pptx,
  textCell,
  wordParagraph,
  xlsx,
} from '../../helpers/documents/office-files.ts';
import { onePagePdf, pdfText } from '../../helpers/documents/pdf-objects.ts';
import { startTestProcessor } from '../../helpers/processors/processor.ts';
import { use, useFolder } from '../../helpers/servers/use.ts';

const SECRET = 'not-for-strangers';
const RELATIONS = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';

const folder = useFolder();
/** Whoever is told to fetch something connects here. */
let connections = 0;
const trap = use(async () => {
  const server = createServer((_, response) => response.end(SECRET)).on('connection', () => connections++);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server;
});
const processor = use(() => startTestProcessor({ tmpDir: join(folder, 'uploads'), timeoutMs: 60_000 }));
const client = use(
  () => new ProcessorClient(processor.url, { timeoutMs: 90_000, callMs: 120_000, maxTextChars: 20_000_000 }),
);
/** What a document may name: a place on the net, and a file of this machine. */
let targets: { net: string; file: string };

beforeAll(async () => {
  const secretPath = join(folder, 'secret.txt');
  await writeFile(secretPath, SECRET);
  targets = {
    net: `http://127.0.0.1:${(trap.address() as AddressInfo).port}/x`,
    file: pathToFileURL(secretPath).href,
  };
});

const never = new AbortController().signal;
async function read(content: Uint8Array | string, filename: string, mediaType?: string): Promise<string> {
  const bytes = Buffer.from(content);
  const open = async () => ({ stream: Readable.from([bytes], { objectMode: false }), size: bytes.length });
  try {
    return (await client.parse({ filename, mediaType, open }, never, () => {})).text;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

const outside = (kind: string, target: string) =>
  `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="x1" Type="${RELATIONS}/${kind}" Target="${target}" TargetMode="External"/></Relationships>`;
const doctype = (target: string) =>
  `<!DOCTYPE x SYSTEM "${target}" [<!ENTITY % p SYSTEM "${target}"> %p; <!ENTITY e SYSTEM "${target}">]>`;
const include = (target: string) =>
  `<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="${target}" parse="text"/>`;
const TAGS = (target: string) =>
  `<img src="${target}" srcset="${target} 2x" alt=""><script src="${target}"></script><link rel="stylesheet" href="${target}"><style>@import "${target}"; p { background: url(${target}) }</style><iframe src="${target}"></iframe><object data="${target}"></object><embed src="${target}"><video poster="${target}" src="${target}"></video><svg><image href="${target}"/><use href="${target}"/></svg><base href="${target}"><meta http-equiv="refresh" content="0;url=${target}"><body background="${target}"><form action="${target}"></form><script>fetch("${target}"); document.write("${SECRET}")</script>`;

/** Each a document that says "words", and names something else wherever its format can. */
const DOCUMENTS: [what: string, filename: string, make: (target: string) => Uint8Array | string][] = [
  ['a page', 'a.html', (target) => `<!doctype html><body><p onload="x()">words</p>${TAGS(target)}`],
  [
    'an XHTML page',
    'a.xhtml',
    (target) =>
      `<?xml version="1.0"?>${doctype(target)}<?xml-stylesheet href="${target}"?><html><body><p>words</p>&e;${include(target)}</body></html>`,
  ],
  [
    'a Word document',
    'a.docx',
    (target) =>
      docx(
        `${wordParagraph('words')}<w:altChunk r:id="x1"/><w:subDoc r:id="x1"/><w:p><w:r><w:fldChar w:fldCharType="begin"/><w:instrText>INCLUDETEXT "${target}"</w:instrText><w:fldChar w:fldCharType="end"/></w:r></w:p>${include(target)}`,
        {
          parts: {
            'word/_rels/document.xml.rels': outside('aFChunk', target),
            'word/_rels/settings.xml.rels': outside('attachedTemplate', target),
            'word/settings.xml':
              '<w:settings xmlns:w="w" xmlns:r="r"><w:attachedTemplate r:id="x1"/></w:settings>',
          },
        },
      ),
  ],
  [
    'slides',
    'a.pptx',
    (target) =>
      pptx([
        {
          text: `words</a:t></a:r></a:p></p:txBody></p:sp><p:pic><p:blipFill><a:blip r:link="x1"/></p:blipFill></p:pic><p:sp><p:txBody><a:p><a:r><a:t>${include(target)}`,
        },
      ]),
  ],
  [
    'a workbook',
    'a.xlsx',
    (target) =>
      xlsx({
        S: `<row r="1">${textCell('A1', 'words')}<c r="B1"><f>WEBSERVICE("${target}")</f></c><c r="C1"><f>'[${target}]S'!A1</f></c></row>`,
      }),
  ],
  [
    'an OpenDocument text',
    'a.odt',
    (target) =>
      openDocument(
        'text',
        `<text:p>words</text:p><text:section text:name="s"><text:section-source xlink:href="${target}"/></text:section><draw:frame><draw:image xlink:href="${target}"/><draw:object xlink:href="${target}"/></draw:frame>${include(target)}`,
      ),
  ],
  [
    'a book',
    'a.epub',
    (target) =>
      epub([
        `<p>words</p>${include(target)}<img src="${target}" alt=""/><script src="${target}"></script><link rel="stylesheet" href="${target}"/>`,
      ]),
  ],
  [
    'a rich text',
    'a.rtf',
    (target) =>
      `{\\rtf1{\\*\\template ${target}}{\\field{\\*\\fldinst INCLUDEPICTURE "${target}"}}{\\field{\\*\\fldinst INCLUDETEXT "${target}"}} words}`,
  ],
  ['a Markdown text', 'a.md', (target) => `words\n\n![](${target}) <img src="${target}"> [x]: ${target}\n`],
  [
    'a mail',
    'a.eml',
    (target) =>
      `From: a@x.test\nSubject: s\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>words</p>${TAGS(target)}\n--b\nContent-Type: message/external-body; access-type=URL; URL="${target}"\n\nContent-Type: text/plain\n\n--b--\n`,
  ],
  [
    'a PDF',
    'a.pdf',
    (target) =>
      onePagePdf(pdfText('words'), {
        resources: '/XObject << /R 7 0 R /I 8 0 R >>',
        page: `/AA << /O 6 0 R >> /Annots [<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A 6 0 R >>]`,
        objects: [
          `<< /S /URI /URI (${target}) /Next << /S /JavaScript /JS (app.launchURL("${target}")) /Next << /S /Launch /F (${target}) >> >> >>`,
          `<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Ref << /F << /FS /URL /F (${target}) >> /Page 0 >> /Length 0 >>\nstream\n\nendstream`,
          `<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray /F << /FS /URL /F (${target}) >> /Length 0 >>\nstream\n\nendstream`,
        ],
      }),
  ],
];

it.each(DOCUMENTS)('%s gets nothing fetched, opened or run', async (_, filename, make) => {
  for (const target of Object.values(targets)) {
    const text = await read(make(target), filename);
    expect(text).toMatch(/words|^corrupt$/);
    expect(text).not.toContain(SECRET);
  }
  // An ordinary one of the kind is read: what was refused was not refused for being badly made.
  expect(await read(make('#'), filename)).toMatch(/words|^corrupt$/);
  expect(connections).toBe(0);
});

it('nearly every kind is read in spite of what it names', async () => {
  const texts = await Promise.all(DOCUMENTS.map(([, filename, make]) => read(make(targets.net), filename)));
  expect(texts.filter((text) => text.includes('words')).length).toBeGreaterThan(DOCUMENTS.length * 0.8);
});

it.each([
  '../../../../../../tmp/escape.txt',
  '/etc/passwd',
  '..\\..\\escape.txt',
  'C:\\Windows\\system.ini',
  'file:///etc/passwd',
  'a\0b.txt',
  'a\r\nContent-Type: text/html\r\n\r\n.txt',
  '\u001b[2J\u0007.txt',
  '\u202etxt.exe',
  '"; rm -rf /; ".txt',
  '$(touch escape).txt',
  '%2e%2e%2fescape.txt',
  'CON',
  '.',
  '../..',
  '__proto__',
  '\ud83d.txt',
  `${'x'.repeat(10_000)}.txt`,
])('a file that is called %j is read, and its name is no path', async (name) => {
  expect(await read('words', name, 'text/plain')).toBe('words');
  expect(await readdir(folder)).toEqual(['secret.txt', 'uploads']);
  const [own, ...others] = await readdir(join(folder, 'uploads'));
  expect(others).toEqual([]);
  // The upload goes once its response has been sent. The data of OCR stay.
  await expect.poll(() => readdir(join(folder, 'uploads', own!))).toEqual(['ocr']);
});

it('the declared type is no more than a hint', async () => {
  for (const type of ['../../x', 'text/plain; charset=../../x', 'application/x-sh', 'x'.repeat(10_000)]) {
    expect(await read('words', 'a', type)).toBe('words');
  }
});

it('whoever did fetch would have been seen', async () => {
  expect(await (await fetch(targets.net)).text()).toBe(SECRET);
  expect(connections).toBe(1);
});
