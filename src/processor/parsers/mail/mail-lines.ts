/** Fields of a part's head after which its lines are left alone: they are decoded, joined or parsed one by one. */
const LINES_MATTER =
  /^content-transfer-encoding:\s*(?:base64|quoted-printable|x-)|^content-type:\s*message\/|\bcharset\s*=\s*"?utf-?(?:16|32)/im;
/** A plain body whose lines go on where they end in a blank. */
const FLOWED = /\bformat\s*=\s*"?flowed/i;
/** A boundary between parts begins so; after it comes a head, or what is left alone as if it were one. */
const BOUNDARY = '--';

/**
 * A mail in whose plain bodies a line ends in a mere carriage return, which is a line's end all the same. The mail
 * library takes long for each line that it sees, and far longer where very many are blank. Where lines go on in the
 * next, those that are quoted do not: the library would set the marks of the next within the words.
 * @param mail its bytes as Latin-1, or its text
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
    end = lineEnd(mail, at);
    if (mail.startsWith(BOUNDARY, at)) {
      take(at);
      within = 'head';
    } else if (within === 'head' && isBlank(mail, at, end)) {
      const head = mail.slice(from, at);
      take(end);
      if (FLOWED.test(head)) within = 'flowed body';
      else within = LINES_MATTER.test(head) ? 'other body' : 'plain body';
    }
  }
  take(mail.length);
  return normalized;
}

/** The last two ends stay, for a boundary begins a line, and the library takes off all returns before one. */
function joined(body: string): string {
  const [end = ''] = /(?:\r?\n){1,2}$/.exec(body.slice(-4)) ?? [];
  return body.slice(0, body.length - end.length).replace(/\r?\n/g, '\r') + end;
}

/** A blank at a line's end, itself or coded, says that it goes on: there is none in or before a quoted line. */
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

function lineEnd(mail: string, from: number): number {
  const newline = mail.indexOf('\n', from);
  return newline === -1 ? mail.length : newline + 1;
}

function isBlank(mail: string, start: number, end: number): boolean {
  return end - start <= 2 && mail.slice(start, end).trim() === '';
}
