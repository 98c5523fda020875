import { decoded } from '../../detect/decode-text.ts';

const BOUNDARY = /\bboundary="?([^"\s;]+)/i;
const BLANK_LINE = /\r?\n\r?\n/;
const PAGE = /^content-type:\s*text\/html/im;
const ENCODING = /^content-transfer-encoding:\s*([\w-]+)/im;
const CHARSET = /\bcharset="?([\w.:-]+)/i;

/** Returns the first page in a MIME message (MHT), or '' without one. */
export function pageIn(message: Buffer): string {
  const text = message.toString('latin1');
  const boundary = BOUNDARY.exec(text)?.[1];
  const parts = boundary === undefined ? [text] : text.split(`--${boundary}`);
  for (const part of parts) {
    const content = part.trimStart();
    const end = BLANK_LINE.exec(content);
    if (!end) continue;
    const head = content.slice(0, end.index);
    const body = content.slice(end.index + end[0].length);
    if (PAGE.test(head))
      return textOf(bytesOf(body, ENCODING.exec(head)?.[1] ?? ''), CHARSET.exec(head)?.[1]);
  }
  return '';
}

function bytesOf(body: string, encoding: string): Buffer {
  switch (encoding.toLowerCase()) {
    case 'base64':
      return Buffer.from(body, 'base64');
    case 'quoted-printable':
      return Buffer.from(
        body
          .replace(/=\r?\n/g, '')
          .replace(/=([\dA-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
        'latin1',
      );
    default:
      return Buffer.from(body, 'latin1');
  }
}

function textOf(bytes: Buffer, charset: string | undefined): string {
  try {
    return charset === undefined ? decoded(bytes) : new TextDecoder(charset).decode(bytes);
  } catch {
    return decoded(bytes);
  }
}
