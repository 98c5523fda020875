import { ProcessorError } from '../../errors.ts';
import { visitMarkup } from '../markup/markup-tags.ts';
import { oneLine } from '../markdown-writer.ts';
import type { SegmentEvent } from '../segments.ts';

/** Matches the line of a cue's times. Hours may be absent. Settings may follow. */
const TIMES = /^\s*(?:(\d{1,4}):)?(\d{1,2}):(\d{2})[.,]\d{1,3}\s*-->/;
/** Matches times between the words, and styles of other formats: `<00:01.500>`, `{\an8}`. */
const MARKS = /<\d[\d:.,]*>|\{\\[^{}]*\}/g;
/** Matches a tag that names the speaker. */
const VOICE = /^<v(?:\.[^\s>]*)?\s+([^>]+)>/;

/**
 * Reads subtitles (SRT, WebVTT) as a line for each cue: when it begins, and what it says. It leaves out numbers, names
 * and styles of cues, and comments. Cues that roll repeat the line before, which it writes once.
 * @throws {ProcessorError} `no_text` without cues that say something
 */
export function* subtitleSegments(text: string): Generator<SegmentEvent> {
  const cues: string[] = [];
  let before = '';
  for (const { time, lines } of readCues(text)) {
    const said = lines.map(wordsOf).filter((line) => line !== '');
    const fresh = said[0] === before ? said.slice(1) : said;
    before = said.at(-1) ?? before;
    if (fresh.length > 0) cues.push(`[${time}] ${fresh.join(' ')}`);
  }
  if (cues.length === 0) throw new ProcessorError('no_text');
  yield { type: 'segment', text: cues.join('\n') };
}

interface Cue {
  /** When it begins: `hh:mm:ss`. */
  time: string;
  lines: string[];
}

/** A blank line ends a cue. What stands outside of cues is no text. */
function* readCues(text: string): Generator<Cue> {
  let cue: Cue | undefined;
  for (const line of text.split('\n')) {
    const times = TIMES.exec(line);
    if (times) {
      if (cue) yield cue;
      const [, hours = '0', minutes = '', seconds = ''] = times;
      cue = { time: [hours, minutes, seconds].map((part) => part.padStart(2, '0')).join(':'), lines: [] };
    } else if (line.trim() !== '') cue?.lines.push(line);
    else {
      if (cue) yield cue;
      cue = undefined;
    }
  }
  if (cue) yield cue;
}

function wordsOf(line: string): string {
  const marked = line.replace(MARKS, '');
  let words = '';
  visitMarkup(marked, {
    tag: ({ kind, start, end }) => {
      const voice = kind === 'opens' ? VOICE.exec(marked.slice(start, end))?.[1] : undefined;
      if (voice !== undefined) words += `${words === '' ? '' : ' '}${voice.trim()}: `;
    },
    text: (text) => (words += text),
  });
  return oneLine(words);
}
