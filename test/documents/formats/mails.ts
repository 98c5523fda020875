const POEM = 'The tide is out, the mud is brown,\nThe boats lie all about the town.\n';
const HEAD =
  'MIME-Version: 1.0\r\nDate: Fri, 16 Dec 2022 17:04:16 -0500\r\n' +
  'Message-ID: <tide.1@mail.example>\r\nSubject: News of the Tide\r\n' +
  'From: Morag Sill <morag@hallin.example>\r\nTo: Ada Finlay <ada@nessing.example>\r\n';
const PLAIN = 'Content-Type: text/plain; charset="UTF-8"\r\n';

/** Text of both mails. */
export const MAIL = `News of the Tide\n${POEM}`;

function mail(encode: (text: string) => string, encoding: string): string {
  const part = (type: string, text: string) =>
    `--tide\r\nContent-Type: text/${type}; charset="UTF-8"\r\n${encoding}\r\n${encode(text)}\r\n`;
  const html = `<p>${POEM.trim().replaceAll('\n', '<br>')}</p>`;
  const type = 'Content-Type: multipart/alternative; boundary="tide"\r\n\r\n';
  return `${HEAD}${type}${part('plain', POEM)}${part('html', html)}--tide--\r\n`;
}

/** Builds a mail with base64 parts. */
export const BASE64_MAIL = mail(
  (text) => Buffer.from(text).toString('base64'),
  'Content-Transfer-Encoding: base64\r\n',
);

/** Builds a mail with a table and another mail attached. */
export const ATTACHMENTS_MAIL = `${HEAD}Content-Type: multipart/mixed; boundary="ebb"\r\n\r\n--ebb\r\n${PLAIN}\r\n${POEM}\r\n${[
  ['tides.csv', 'Hour,Level\r\nSix,Low\r\n'],
  ['reply.eml', 'From: Ada Finlay <ada@nessing.example>\r\nSubject: Reply\r\n\r\nThank you.\r\n'],
]
  .map(
    ([name = '', content = '']) =>
      `--ebb\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="${name}"\r\n` +
      `Content-Transfer-Encoding: base64\r\n\r\n${Buffer.from(content).toString('base64')}\r\n`,
  )
  .join('')}--ebb--\r\n`;
export const ATTACHMENTS = `${MAIL}tides csv Hour Level Six Low Reply Thank you`;

/** Builds a mail saved as UTF-16, head and all. */
export const UTF16_MAIL = Buffer.from(`\ufeff${HEAD}${PLAIN}\r\n${POEM}`, 'utf16le');

/** Builds a mailbox of two mails. */
export const MAILBOX = ['Ebb', 'Flood']
  .map(
    (subject) =>
      `From ada@nessing.example Fri Dec 16 17:04:16 2022\nFrom: ada@nessing.example\nSubject: ${subject}\n\n${POEM}\n`,
  )
  .join('');
export const MAILBOX_WORDS = ['Ebb', 'Flood'].map((subject) => `${subject}\n${POEM}`).join('');
