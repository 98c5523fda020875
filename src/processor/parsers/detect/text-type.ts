import type { DocumentType } from './document-types.ts';

const HTML = /^(?:\s|<\?xml[^>]*>|<!--(?:(?!-->)[^])*-->)*<(?:!doctype\s+html|html)\b/i;
/** A part of a page: what may as well be a part of some other text, so that a name weighs more. */
const HTML_PART =
  /^(?:\s|<!--(?:(?!-->)[^])*-->)*<(?:head|title|meta|body|div|p|h[1-6]|table|ul|ol|article|section)[\s>]/i;

/** A field of a mail's head, and the lines it goes on in. */
const MAIL_FIELD = /([a-z][a-z0-9-]*):[^\n]*\n(?:[ \t]+[^\n]*\n)*/iy;
/** Only mails have these; fields like From and Date also head notes of other kinds. */
const MAIL_ONLY = new Set(['message-id', 'mime-version', 'received', 'return-path']);
const MAIL_ALWAYS = new Set(['from', 'date', 'to', 'subject']);

/** What a text is, by how it begins; undefined where that tells nothing for sure. */
export function textType(start: string): DocumentType | undefined {
  if (HTML.test(start)) return 'html';
  const fields = mailFields(start);
  const isMail = fields.some((name) => MAIL_ONLY.has(name)) && fields.some((name) => MAIL_ALWAYS.has(name));
  return isMail ? 'mail' : undefined;
}

/** What a text that has no telling name seems to be. */
export function likelyTextType(start: string): DocumentType {
  return HTML_PART.test(start) ? 'html' : 'text';
}

function mailFields(start: string): string[] {
  const text = start.replaceAll('\r', '');
  const names: string[] = [];
  MAIL_FIELD.lastIndex = 0;
  for (let match; (match = MAIL_FIELD.exec(text));) names.push((match[1] ?? '').toLowerCase());
  return names;
}
