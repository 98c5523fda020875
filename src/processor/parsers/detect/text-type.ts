import type { DocumentType } from './document-types.ts';

const HTML = /^(?:\s|<\?xml[^>]*>|<!--(?:(?!-->)[^])*-->)*<(?:!doctype\s+html|html)\b/i;
/** Matches parts of a page. They also occur in other texts, so the file's name weighs more. */
export const HTML_PART =
  /^(?:\s|<!--(?:(?!-->)[^])*-->)*<(?:head|title|meta|body|div|p|h[1-6]|table|ul|ol|article|section)[\s>]/i;
/** Matches the declaration of XML, or of its document type. */
const XML = /^\s*(?:<\?xml\s|<!doctype\s+[a-z])/i;
/** Matches an element that names its vocabulary. Other texts may begin with one, so the file's name weighs more. */
export const XML_ROOT = /^\s*<[a-z][\w.:-]*\s[^<>]*\bxmlns\b/i;
const VTT = /^WEBVTT(?=\s|$)/;
const SRT = /^\s*\d+\s*\n\s*\d{1,2}:\d{2}:\d{2},\d{3}\s*-->/;

/** Matches the line above each mail of a mailbox: its sender, and the day and time. Other lines begin with the same word. */
export const MAIL_SEPARATOR =
  /^From \S+ +(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [^\n]*\d:\d\d[^\n]*\b\d{4}\b[^\n]*\n/;
/** Matches the first field of a mail's head. */
const FIRST_FIELD = /^>?[A-Za-z-]+:/;

/** Matches a field in a mail's head, with its continuation lines. */
const MAIL_FIELD = /([a-z][a-z0-9-]*):[^\n]*\n(?:[ \t]+[^\n]*\n)*/iy;
/** Fields that only mails have. Others, such as From and Date, also stand above notes. */
const MAIL_ONLY = new Set(['message-id', 'mime-version', 'received', 'return-path']);
const MAIL_ALWAYS = new Set(['from', 'date', 'to', 'subject']);

/** Detects a text's type by its beginning. Returns undefined without sure evidence. */
export function textType(start: string): DocumentType | undefined {
  if (HTML.test(start)) return 'html';
  if (XML.test(start)) return 'xml';
  if (VTT.test(start)) return 'vtt';
  if (SRT.test(start)) return 'srt';
  const above = MAIL_SEPARATOR.exec(start)?.[0];
  if (above !== undefined && FIRST_FIELD.test(start.slice(above.length))) return 'mbox';
  const fields = mailFields(start);
  const isMail = fields.some((name) => MAIL_ONLY.has(name)) && fields.some((name) => MAIL_ALWAYS.has(name));
  return isMail ? 'mail' : undefined;
}

function mailFields(start: string): string[] {
  const text = start.replaceAll('\r', '');
  const names: string[] = [];
  MAIL_FIELD.lastIndex = 0;
  for (let match; (match = MAIL_FIELD.exec(text));) names.push((match[1] ?? '').toLowerCase());
  return names;
}
