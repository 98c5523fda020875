/** What leads to other pages, or works rather than says something. */
const SKIPPED = new Set(['nav', 'template', 'select', 'button', 'svg']);
/** Its content is no markup. */
const RAW = new Set(['script', 'style', 'textarea', 'title']);
const TAG_NAME = /<(\/?)([a-z][\w:-]*)/iy;
/** A longer one has an image in it; what is hidden has not. */
const MAX_TAG_CHARS = 2000;
const HIDDEN = /\shidden(?=[\s=/]|$)/i;
const HIDDEN_STYLE = /\sstyle\s*=\s*(?:"[^"]*|'[^']*)\b(?:display\s*:\s*none|visibility\s*:\s*hidden)/i;
const QUOTED = /"[^"]*"|'[^']*'/g;
/** Where more are never closed, the page is shown whole: for each, it is gone through once more. */
const MAX_UNCLOSED = 20;
const VOID = /^(?:area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr)$/;

interface Tag {
  start: number;
  end: number;
  name: string;
  closes: boolean;
  attributes: string;
}

/** Elements that stand apart on a page, which the library does not know. */
const APART = /<\/(?:summary|legend|label|textarea|option|output)>/gi;
/** Elements that are blocks like any other, which the library knows only at the top of a page. */
const BLOCKS =
  /<(\/?)(?:address|article|aside|center|details|dialog|fieldset|figure|footer|form|header|hgroup|main|menu|search|section)(?=[\s/>])/gi;
/** How words are read, above them, and the brackets around that; their ends may be left out. */
const READING =
  /<(rt|rp)(?:\s[^<>]*)?>(?:(?!<\/?(?:rt|rp|ruby)\b)[^])*?(?:<\/\1\s*>|(?=<\/?(?:rt|rp|ruby)\b))/gi;

/**
 * HTML without the elements that a page does not show, those that lead around in a site, and how words are read;
 * with what stands apart on it in elements that the library knows.
 */
export function visibleHtml(html: string): string {
  return withoutHidden(html).replace(APART, '$&<br>').replace(READING, '').replace(BLOCKS, '<$1div');
}

function withoutHidden(html: string): string {
  let visible = '';
  let from = 0;
  let skipped: { name: string; depth: number; start: number } | undefined;
  // An element that is never closed would take the rest of the page along.
  const unclosed = new Set<string>();
  for (let at = 0; ;) {
    const tag = nextTag(html, at);
    if (!tag && skipped) {
      unclosed.add(skipped.name);
      at = skipped.start + 1;
      skipped = undefined;
      continue;
    }
    if (!tag || unclosed.size > MAX_UNCLOSED) return visible + html.slice(from);
    at = tag.end;
    if (skipped) {
      if (tag.name !== skipped.name) continue;
      skipped.depth += tag.closes ? -1 : 1;
      if (skipped.depth > 0) continue;
      visible += `${html.slice(from, skipped.start)} `;
      from = tag.end;
      skipped = undefined;
    } else if (!tag.closes && isHidden(tag) && !unclosed.has(tag.name)) {
      skipped = { name: tag.name, depth: 1, start: tag.start };
    }
  }
}

function isHidden({ name, attributes }: Tag): boolean {
  if (VOID.test(name) || attributes.endsWith('/')) return false;
  return SKIPPED.has(name) || HIDDEN.test(attributes.replace(QUOTED, '""')) || HIDDEN_STYLE.test(attributes);
}

/** The next tag from `at` on that is markup: not in a comment, nor in a script. */
function nextTag(html: string, at: number): Tag | undefined {
  for (let start = html.indexOf('<', at); start !== -1; start = html.indexOf('<', start + 1)) {
    if (html.startsWith('<!--', start)) {
      const end = html.indexOf('-->', start + 4);
      if (end === -1) return undefined;
      start = end;
      continue;
    }
    const tag = tagAt(html, start);
    if (!tag) continue;
    if (tag.closes || !RAW.has(tag.name)) return tag;
    const end = closingTag(html, tag);
    if (end === -1) return undefined;
    start = end;
  }
  return undefined;
}

function tagAt(html: string, start: number): Tag | undefined {
  TAG_NAME.lastIndex = start;
  const [text, slash, name] = TAG_NAME.exec(html) ?? [];
  if (text === undefined || name === undefined) return undefined;
  const attributes = attributesAt(html, start + text.length);
  if (attributes === undefined) return undefined;
  const end = start + text.length + attributes.length + 1;
  return { start, end, name: name.toLowerCase(), closes: slash === '/', attributes };
}

/** What is between a tag's name and its end; in quotes there may be a `>`. */
function attributesAt(html: string, from: number): string | undefined {
  let quote = '';
  for (let at = from; at < from + MAX_TAG_CHARS && at < html.length; at++) {
    const char = html.charAt(at);
    if (quote !== '') quote = char === quote ? '' : quote;
    else if (char === '>') return html.slice(from, at);
    else if (char === '"' || char === "'") quote = char;
  }
  return undefined;
}

function closingTag(html: string, { name, end }: Tag): number {
  const closing = new RegExp(`</${name}`, 'gi');
  closing.lastIndex = end;
  return closing.exec(html)?.index ?? -1;
}
