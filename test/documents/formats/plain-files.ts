import { wordsOf, type Block } from '../text/manuscript.ts';

const LINE = 72;

/** Wraps lines at 72 characters, with an empty one between blocks, as in a plain-text book. */
export function wrapped(blocks: Iterable<Block>): string {
  return Array.from(blocks, (block) => lines(wordsOf(block)).join('\n')).join('\n\n') + '\n';
}

function lines(text: string): string[] {
  const found: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line && line.length + 1 + word.length > LINE) {
      found.push(line);
      line = '';
    }
    line += (line && ' ') + word;
  }
  return [...found, line];
}

export const README = `## The tide files

This folder holds what the mill at the Narrows has measured:

- \`curves.html\` - A year of tides as a page with tables
- \`gauge.pdf\` - How the gauge is built
- \`levels.csv\`/\`levels.xlsx\` - The level of every hour, for those who like to compute

The files may be used to try a parser. Below it is said how to get those that are too big to be kept here.

#### Curves of the last century

The scanned rolls can be fetched with the following \`curl\` command. Note that the archive wants to know
who asks, and refuses a request without a name.

\`\`\`bash
# One roll; there are 1,304 of them.
curl -O \\
  -A '\${name} \${address}'

https://tides.example/rolls/1868-01.tif
\`\`\`

A roll can be read with TideReader.
`;

export const ARTICLE = `<?xml version="1.0"?>
<!DOCTYPE article PUBLIC "-//NLM//DTD JATS//EN" "jats.dtd">
<article><front><article-meta><title-group><article-title>Levels at the <italic>Narrows</italic></article-title>
</title-group></article-meta></front><body><sec><label>1.</label><title>Method</title><p>We read the gauge.</p>
<table-wrap><table><tr><th>Hour</th><th>Level</th></tr><tr><td>Six</td><td>Low</td></tr></table></table-wrap>
<list><list-item><p>by day</p></list-item></list></sec></body></article>
`;
export const ARTICLE_WORDS = 'Levels at the Narrows 1. Method We read the gauge. Hour Level Six Low by day';

export const SUBTITLES = `WEBVTT

NOTE not said

1
00:01.000 --> 00:03.500 align:start
<v Ada>The tide <i>is</i> out.</v>

00:04.000 --> 00:06.000
Nobody came.
`;
export const SUBTITLE_WORDS = '00:00:01 Ada The tide is out. 00:00:04 Nobody came.';

/** Markdown in Latin-1, as an old editor saves it. */
export const UMLAUTS = Buffer.from('## Können\n\nMöwen können fliegen.\n\nÄÖÜß\n', 'latin1');

export const RTF = String.raw`{\rtf1\ansi\deff0
{\pard \ql \f0 \sa180 \li0 \fi0 \outlinelevel0 \b \fs36 A Letter from Hallin\par}
{\pard \ql \f0 \sa180 \li0 \fi0 The ferry has come, and with it your parcel.\par}
{\pard \sa180 \li0 \fi0 \b What was in it:\par}
{\trowd\cellx3000\cellx6000
\pard\intbl\qc\fs20 Thing\cell Number\cell\row
\pard\intbl\qc\fs20 Candles\cell Forty\cell\row
\pard\intbl\qc\fs20 Needles\cell Two papers\cell\row
}
}
`;

export const RTF_WORDS = `A Letter from Hallin
The ferry has come, and with it your parcel.
What was in it: Thing Number Candles Forty Needles Two papers`;

export const OPEN_DOCUMENT_TEXT =
  '<text:h text:outline-level="1">Things to bring to the moor:</text:h>' +
  '<text:list><text:list-item><text:p>A hat</text:p></text:list-item><text:list-item><text:p>Two sandwiches</text:p></text:list-item></text:list>' +
  '<text:p>The path is marked with white stones as far as the observatory.</text:p>';
export const OPEN_DOCUMENT_WORDS = `Things to bring to the moor:
A hat
Two sandwiches
The path is marked with white stones as far as the observatory.`;
