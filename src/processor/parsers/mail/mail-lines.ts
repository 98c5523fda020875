/** Fields of a part's head that keep its lines, because each line is decoded, joined or parsed by itself. */
const LINES_MATTER =
  /^content-transfer-encoding:\s*(?:base64|quoted-printable|x-)|^content-type:\s*message\/|\bcharset\s*=\s*"?utf-?(?:16|32)/im;
/** Matches the field of a plain body whose lines continue after a final blank. */
const FLOWED = /\bformat\s*=\s*"?flowed/i;
/** Beginning of a boundary between parts. A head follows, or text that stays unchanged like a head. */
const BOUNDARY = '--';

/**
 * Ends the lines of a mail's plain bodies with carriage returns alone, which still end a line. The mail library is slow
 * for each line that it sees, and far slower for many blank ones. In flowed bodies it stops quoted lines from continuing,
 * because the library would put the marks of the next line among the words.
 * @param mail bytes as Latin-1, or text
 */
export function joinBodyLines(mail: string): string {
  let normalized = '';
  let from = 0;
  let at = 0;
  let within: 'head' | 'plain body' | 'flowed body' | 'other body' = 'head';
  const take = (to: number) => {
    const stretch = mail.slice(from, to);
    if (within === 'plain body') normalized += joined(stretch);
    else normalized += within === 'flowed body' ? withQuotedLines(stretch) : stretch;
    from = to;
  };
  for (let end; at < mail.length; at = end) {
    end = mail.indexOf('\n', at) + 1 || mail.length;
    if (mail.startsWith(BOUNDARY, at)) {
      take(at);
      within = 'head';
    } else if (within === 'head' && end - at <= 2 && mail.slice(at, end).trim() === '') {
      const head = mail.slice(from, at);
      take(end);
      if (FLOWED.test(head)) within = 'flowed body';
      else within = LINES_MATTER.test(head) ? 'other body' : 'plain body';
    }
  }
  take(mail.length);
  return normalized;
}

/**
 * Joins lines with carriage returns. It keeps the last two line ends, because the library strips returns before a
 * boundary.
 */
function joined(body: string): string {
  const [end = ''] = /(?:\r?\n){1,2}$/.exec(body.slice(-4)) ?? [];
  return body.slice(0, body.length - end.length).replace(/\r?\n/g, '\r') + end;
}

/** Removes final blanks, plain or coded, in and before quoted lines, because a final blank continues a line. */
function withQuotedLines(body: string): string {
  const lines = body.split('\n');
  return lines
    .map((line, index) => {
      if (!line.startsWith('>') && !lines[index + 1]?.startsWith('>')) return line;
      return line
        .trimEnd()
        .replace(/(?<!=20)(?:=20)+$/, '')
        .trimEnd();
    })
    .join('\n');
}
