import { visitTags, type Tag } from './markup-tags.ts';

/** Elements for navigation or interaction. An unclosed one would hide the rest of the page. */
const SKIPPED = new Set(['nav', 'select', 'button', 'svg']);
/** Elements that browsers with scripts do not show, and ruby annotations with their brackets. */
const NOT_SHOWN = new Set(['template', 'noscript', 'datalist', 'rt', 'rp']);
const VOID = /^(?:area|base|basefont|br|col|embed|hr|img|input|link|meta|param|source|track|wbr)$/;
const HIDING = /^(?:display:none|visibility:(?:hidden|collapse))$/;

/** A comment, a string, a link, or blanks, in a style. */
const STYLE_TOKEN = /\/\*[^]*?(?:\*\/|$)|"[^"]*"|'[^']*'|url\([^()]*\)|\s+/g;
/** A letter that is written by its number, or with a mark before it. */
const ESCAPED_LETTER = /\\(?:0{0,4}([4-7][\da-f])(?![\da-f])\s?|([g-z]))/g;

/** Longest style that hides an element, in characters. */
const MAX_STYLE = 10_000;

const CELLS = ['td', 'th'];
const ROWS = ['tr', ...CELLS];
const SECTIONS = ['caption', 'tbody', 'thead', 'tfoot', ...ROWS];
/** Open elements that a tag closes without their end tags, but not beyond an element of the second list. */
const IMPLIED: Readonly<Record<string, readonly [closed: readonly string[], within: readonly string[]]>> = {
  li: [
    ['li', 'p'],
    ['ul', 'ol', 'menu'],
  ],
  dt: [['dt', 'dd', 'p'], ['dl']],
  dd: [['dt', 'dd', 'p'], ['dl']],
  td: [CELLS, ['tr', 'table']],
  th: [CELLS, ['tr', 'table']],
  tr: [['caption', ...ROWS], ['table']],
  tbody: [SECTIONS, ['table']],
  thead: [SECTIONS, ['table']],
  tfoot: [SECTIONS, ['table']],
  a: [['a'], ['table', ...CELLS, 'caption', 'object']],
  rt: [['rt', 'rp'], ['ruby']],
  rp: [['rt', 'rp'], ['ruby']],
};
/** Elements that stand apart from the words around them. */
export const ENDS_PARAGRAPH =
  /^(?:address|article|aside|blockquote|center|details|dialog|dir|div|dl|fieldset|figcaption|figure|footer|form|h[1-6]|header|hgroup|hr|listing|main|menu|nav|ol|p|plaintext|pre|search|section|summary|table|ul|xmp)$/;
const HEADING = /^h[1-6]$/;
const PARAGRAPH = [['p'], ['button', 'table', 'td', 'th', 'caption', 'object']] as const;
/** Most open elements within one that a later tag closes. Deeper nesting is an attack. */
const MAX_IMPLIED = 100;

/** Elements that stand apart on a page, which the library does not know. */
const APART = /<\/(?:summary|legend|label|textarea|option|output)>/gi;
/** Elements that are blocks like any other, which the library knows only at the top of a page. */
const BLOCKS =
  /<(\/?)(?:address|article|aside|center|details|dialog|fieldset|figure|footer|form|header|hgroup|main|menu|search|section)(?=[\s/>])/gi;

/**
 * Removes hidden elements, navigation and ruby annotations from HTML. Replaces elements that the library does not
 * know with ones that it knows. It hides closed dialogs, elements with `hidden`, whatever its value, and elements with a
 * hiding style of their own, to their end, explicit or implied. `aria-hidden` hides from screen readers alone, and
 * folded content, as in `details`, is one click away: both stay.
 */
export function visibleHtml(html: string): string {
  return withoutHidden(html, SKIPPED).replace(APART, '$&<br>').replace(BLOCKS, '<$1div');
}

function withoutHidden(html: string, skipped: ReadonlySet<string>): string {
  const open: string[] = [];
  const counts = new Map<string, number>();
  let visible = '';
  let from = 0;
  /** Number of open elements around the hidden one, and its name. */
  let hidden: { depth: number; name: string } | undefined;
  const closeTo = (depth: number, end: number) => {
    while (open.length > depth) {
      const name = open.pop() ?? '';
      counts.set(name, (counts.get(name) ?? 0) - 1);
    }
    if (!hidden || open.length > hidden.depth) return;
    hidden = undefined;
    from = end;
  };
  visitTags(html, (tag) => {
    const { kind, name, start, end } = tag;
    if (kind === 'closes') {
      if ((counts.get(name) ?? 0) === 0) return;
      const depth = open.lastIndexOf(name);
      closeTo(depth, hidden?.depth === depth ? end : start);
      return;
    }
    closeTo(impliedEnd(name, open), start);
    if (kind === 'empty' || VOID.test(name)) return;
    if (!hidden && (skipped.has(name) || isHidden(tag))) {
      hidden = { depth: open.length, name };
      visible += html.slice(from, start) + (name === 'rt' || name === 'rp' ? '' : ' ');
    }
    open.push(name);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  });
  if (!hidden) return visible + html.slice(from);
  const { name } = hidden as { name: string };
  return skipped.has(name)
    ? withoutHidden(html, new Set([...skipped].filter((other) => other !== name)))
    : visible;
}

/** Counts the elements that stay open where one begins. */
function impliedEnd(name: string, open: readonly string[]): number {
  const [closed, within] = IMPLIED[name] ?? (ENDS_PARAGRAPH.test(name) ? PARAGRAPH : [[], []]);
  // One heading ends another, but not around what stands between them.
  let depth = HEADING.test(name) && HEADING.test(open.at(-1) ?? '') ? open.length - 1 : open.length;
  if (closed.length === 0) return depth;
  for (let at = open.length - 1; at >= Math.max(0, open.length - MAX_IMPLIED); at--) {
    const element = open[at] ?? '';
    if (within.includes(element)) break;
    if (closed.includes(element)) depth = at;
  }
  return depth;
}

function isHidden({ name, attributes }: Tag): boolean {
  return (
    NOT_SHOWN.has(name) ||
    attributes.has('hidden') ||
    attributes.has('popover') ||
    (name === 'dialog' && !attributes.has('open')) ||
    hides(attributes.get('style') ?? '')
  );
}

/** The last declaration of a property wins, but an important one wins over all others. */
function hides(style: string): boolean {
  const declared = new Map<string, string>();
  for (const declaration of style
    .slice(0, MAX_STYLE)
    .toLowerCase()
    .replace(ESCAPED_LETTER, (_, code: string | undefined, letter: string) =>
      code === undefined ? letter : String.fromCharCode(Number.parseInt(code, 16)),
    )
    .replace(STYLE_TOKEN, '')
    .split(';')) {
    const property = declaration.split(':', 1)[0] ?? '';
    if (!declared.get(property)?.endsWith('!important') || declaration.endsWith('!important'))
      declared.set(property, declaration);
  }
  return [...declared.values()].some((declaration) => HIDING.test(declaration.replace('!important', '')));
}
