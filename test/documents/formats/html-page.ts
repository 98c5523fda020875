import { wordsOf, type Block } from '../text/manuscript.ts';

const CELL =
  'padding:2px 6pt 1px 4pt;border-bottom:0.5pt solid #a0a0a0;font-family:serif;font-size:9.5pt;text-align:left;vertical-align:bottom';
const TEXT =
  'font-family:Times,serif;font-size:10pt;line-height:120%;margin-top:6pt;margin-bottom:6pt;text-align:justify;color:#000000';

/** Builds a page as programs for annual reports do: styles at each element, tagged figures, a hidden head. */
export function reportPage(title: string, blocks: readonly Block[]): string {
  const head = '<div style="display:none"><ix:header><ix:hidden>not to be read</ix:hidden></ix:header></div>';
  return `<!DOCTYPE html>
<html xmlns:ix="http://www.xbrl.org/2013/inlineXBRL" lang="en"><head><meta charset="utf-8"><title>${title}</title>
<style>p { margin: 0 }</style><script>track('not to be read')</script></head>
<body>${head}
${blocks.map(element).join('\n<hr style="page-break-after:always">\n')}
</body></html>
`;
}

/** Builds headings, paragraphs and tables of plain HTML. */
export function plainHtml(blocks: readonly Block[]): string {
  return blocks
    .map((block) => {
      if ('rows' in block) return table(block.rows, '');
      return 'heading' in block
        ? `<h${block.level}>${escaped(block.heading)}</h${block.level}>`
        : `<p>${escaped(block.text)}</p>`;
    })
    .join('\n');
}

function element(block: Block, index: number): string {
  if ('rows' in block) return `<div style="${TEXT}">${table(block.rows, ` style="${CELL}"`)}</div>`;
  if ('heading' in block) return plainHtml([block]);
  // Figures stand in elements of their own, as a tagged report has them.
  const words = escaped(wordsOf(block)).replaceAll(
    /\b\d[\d,]*\b/g,
    (figure) =>
      `<ix:nonFraction name="x:Fact${index}" contextRef="c${index}" unitRef="u" decimals="0">${figure}</ix:nonFraction>`,
  );
  return `<div id="b${index}"><div style="${TEXT}"><span style="${TEXT}">${words}</span></div></div>`;
}

function table(rows: readonly (readonly string[])[], style: string): string {
  const row = (cells: readonly string[], kind: 'th' | 'td') =>
    `<tr>${cells.map((cell) => `<${kind}${style}>${escaped(cell)}</${kind}>`).join('')}</tr>`;
  const [header = [], ...others] = rows;
  return `<table>${row(header, 'th')}${others.map((cells) => row(cells, 'td')).join('')}</table>`;
}

export const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
