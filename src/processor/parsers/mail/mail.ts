import type { Address, Attachment } from 'postal-mime';

import type { ParseEvent } from '../../../contract/services/processor.ts';
import { wellFormed } from '../../../well-formed.ts';
import { isDocumentError, ProcessorError } from '../../errors.ts';
import type { Limits } from '../blocks/reading.ts';
import { detectType, type DocumentSource } from '../detect/detect-type.ts';
import { bytesOf, type DocumentFile } from '../document-file.ts';
import { heading, oneLine } from '../markdown-writer.ts';
import { normalize } from '../normalize.ts';
import { PAGE_BREAK, segments, type SegmentEvent } from '../segments.ts';
import { CONTAINERS, isMail, type MailType } from './containers.ts';
import type { MailContent } from './mail-content.ts';
import { mailWords } from './mail-words.ts';

/** Deepest nesting of attached mails. Deeper ones are only named. */
const MAX_LEVEL = 5;
/** Most attachments to read, over all levels. Further ones are only named. */
const MAX_ATTACHMENTS = 100;
/** Longest file name in a heading, and longest path of headings, in characters. The contract limits a path to 2000. */
const MAX_NAME_CHARS = 200;
const MAX_PATH_CHARS = 2000;

/** Media types of data. An attachment of such a type whose bytes look like text is a signature or a key. */
const FOR_PROGRAMS = /^application\/(?!octet-stream)/;

/** Reasons to write beside the name of an attachment that no reader can read, by error code. */
const REASONS: Readonly<Record<string, string>> = {
  encrypted: ' (encrypted)',
  corrupt: ' (damaged)',
  text_too_long: ' (too long to read)',
  no_text_layer: ' (no text recognized)',
};

/** @param place of the attachment: its number in the mail, after those of the mails around it, such as `2.1` */
type ReadDocument = (
  source: DocumentSource,
  maxTextChars: number,
  place: string,
) => AsyncIterable<ParseEvent>;
/** Position of a mail or an attachment. */
interface Standing {
  /** Level of its heading. */
  level: number;
  /** Headings of the mails around it. */
  path: string | undefined;
  /** As {@link ReadDocument} takes it; '' for the outermost mail. */
  place: string;
}
type Progress = Extract<ParseEvent, { type: 'progress' }>;
/** Segments of one mail or attachment. */
type Part = readonly SegmentEvent[];

/**
 * Reads a mail: subject as heading, sender, recipients, date and text. It reads attached mails below their subject,
 * and other attachments below their file name, with their pages and headings. It names those that it cannot read.
 * `pages_unread` counts the pages that OCR has not read either, `hidden_left_out` the hidden parts of all that it reads.
 * @param read reads an attachment
 * @throws {ProcessorError} `corrupt`, or `text_too_long`
 */
export async function* parseMail(
  file: DocumentFile,
  limits: Limits,
  read: ReadDocument,
  type: MailType,
): AsyncGenerator<ParseEvent> {
  const reader = new MailReader(limits, read);
  const parts = yield* reader.read(type, await bytesOf(file), { level: 1, path: undefined, place: '' });
  for (const [index, part] of parts.entries()) {
    for (const [at, segment] of part.entries()) {
      const isLast = at === part.length - 1 && index < parts.length - 1;
      yield isLast ? { ...segment, text: segment.text + PAGE_BREAK } : segment;
    }
  }
  yield { type: 'end', metadata: reader.metadata };
}

/** Reads a mail with all that it holds, within limits over all levels. */
class MailReader {
  readonly #read: ReadDocument;
  readonly #includeHidden: boolean;
  /** Characters that the rest may have. */
  #left: number;
  #attachments = 0;
  /** Pages of the attachments so far, and those of them that wait for no OCR. */
  #pages = 0;
  #pagesDone = 0;
  #pagesUnread = 0;
  #hiddenLeftOut = 0;

  constructor({ maxTextChars, includeHidden }: Limits, read: ReadDocument) {
    this.#left = maxTextChars;
    this.#includeHidden = includeHidden;
    this.#read = read;
  }

  /** Counts of what the text lacks, without those of zero. */
  get metadata(): Record<string, number> {
    const counts = { pages_unread: this.#pagesUnread, hidden_left_out: this.#hiddenLeftOut };
    return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
  }

  /** Reads a mail below the headings of the mails around it. */
  async *read(
    type: MailType,
    bytes: Buffer,
    { level, path: around, place }: Standing,
  ): AsyncGenerator<Progress, Part[]> {
    const mail = await CONTAINERS[type](bytes);
    const subject = heading(level, normalize(mail.subject ?? ''));
    const limits = { maxTextChars: this.#left, includeHidden: this.#includeHidden };
    const { words, hiddenLeftOut, isDamaged } = mailWords(mail, limits);
    this.#left -= words.length;
    this.#hiddenLeftOut += hiddenLeftOut;
    const path = nested(around, segments(subject).next().value?.heading);
    // A mailbox has no subject, so its mails take its level. They do not count as attachments.
    const isBox = type === 'mbox';
    const inner = isBox ? level : level + 1;
    const names = isDamaged ? [`- message.rtf${REASONS['corrupt']}`] : [];
    const within: Part[] = [];
    for (const [index, attachment] of mail.attachments.entries()) {
      const at = place === '' ? String(index + 1) : `${place}.${index + 1}`;
      const isTooMany = !isBox && ++this.#attachments > MAX_ATTACHMENTS;
      const standing = { level: inner, path, place: at };
      const read = isTooMany ? '' : yield* this.#readAttachment(attachment, standing);
      if (typeof read === 'string') names.push(`- ${nameOf(attachment)}${read}`);
      else within.push(...read);
    }
    const attachments = names.length > 0 ? `Attachments:\n${names.join('\n')}` : '';
    if (subject + words + attachments === '' && within.length === 0) return [];
    const own = [subject, head(mail), words, attachments].filter((part) => part !== '').join('\n\n');
    return [below(around, segments(normalize(own))), ...within].filter((part) => part.length > 0);
  }

  /** Returns the text of an attachment, or the reason why it has none here. The reason may be ''. */
  async *#readAttachment(
    attachment: Attachment,
    standing: Standing,
  ): AsyncGenerator<Progress, Part[] | string> {
    const source = sourceOf(attachment);
    try {
      const type = attachment.mimeType === 'message/rfc822' ? 'mail' : await detectType(source);
      if (type === 'text' && FOR_PROGRAMS.test(attachment.mimeType)) return '';
      if (isMail(type)) {
        return standing.level > MAX_LEVEL ? '' : yield* this.read(type, source.path, standing);
      }
      const part = yield* this.#readDocument(source, standing);
      return part.length > 0 ? [part] : '';
    } catch (error) {
      if (error instanceof ProcessorError && isDocumentError(error.code)) return REASONS[error.code] ?? '';
      throw error;
    }
  }

  async *#readDocument(
    source: DocumentSource,
    { level, path, place }: Standing,
  ): AsyncGenerator<Progress, Part> {
    const name = wellFormed(source.filename, MAX_NAME_CHARS);
    const part: SegmentEvent[] = [];
    let pages = 0;
    let pagesDone = 0;
    try {
      for await (const event of this.#read(source, Math.max(0, this.#left), place)) {
        if (event.type === 'segment') part.push(event);
        else if (event.type === 'end') {
          this.#pagesUnread += Number(event.metadata['pages_unread'] ?? 0);
          this.#hiddenLeftOut += Number(event.metadata['hidden_left_out'] ?? 0);
        } else if (event.type === 'progress') {
          pages = event.pages_total;
          pagesDone = event.pages_done;
          yield {
            type: 'progress',
            pages_done: this.#pagesDone + pagesDone,
            pages_total: this.#pages + pages,
          };
        }
      }
    } catch (error) {
      // Its last progress has counted all pages.
      if (error instanceof ProcessorError && error.code === 'no_text_layer') this.#pagesUnread += pages;
      throw error;
    } finally {
      this.#pages += pages;
      this.#pagesDone += pagesDone;
    }
    const [first, ...rest] = part;
    if (!first) return [];
    for (const { text } of part) this.#left -= text.length;
    const title = heading(level, name);
    return below(nested(path, name), [{ ...first, text: `${title}${PAGE_BREAK}${first.text}` }, ...rest]);
  }
}

/** Puts segments below a path of headings. */
function below(path: string | undefined, part: Iterable<SegmentEvent>): Part {
  return Array.from(part, (segment) => {
    const whole = nested(path, segment.heading);
    return whole === undefined ? segment : { ...segment, heading: whole };
  });
}

function nested(...path: (string | undefined)[]): string | undefined {
  const headings = path.filter((part) => part !== undefined);
  return headings.length > 0 ? wellFormed(headings.join(' > '), MAX_PATH_CHARS) : undefined;
}

/** Returns an attachment as a file. The mail library ends the lines of some texts by carriage returns. */
function sourceOf(attachment: Attachment): DocumentSource & { path: Buffer } {
  const { content, mimeType } = attachment;
  const bytes = typeof content === 'string' ? Buffer.from(content) : Buffer.from(new Uint8Array(content));
  const filename = nameOf(attachment);
  const isText = /^(?:text|message)\//.test(mimeType) || filename.endsWith('.eml');
  const path =
    isText && !bytes.includes('\n')
      ? Buffer.from(bytes.toString('latin1').replaceAll('\r', '\n'), 'latin1')
      : bytes;
  return { path, filename, mediaType: mimeType };
}

function nameOf({ filename, mimeType }: Attachment): string {
  return oneLine(normalize(filename ?? mimeType));
}

function head({ from, to = [], cc = [], date }: MailContent): string {
  const fields = {
    From: people(from ? [from] : []),
    To: people(to),
    Cc: people(cc),
    Date: oneLine(date ?? ''),
  };
  return Object.entries(fields)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
}

function people(addresses: readonly Address[]): string {
  return addresses
    .map(({ name, address, group }) => {
      if (group) return `${oneLine(name)}: ${people(group)}`;
      return oneLine(name === '' || address === '' ? name + address : `${name} <${address}>`);
    })
    .join(', ');
}
