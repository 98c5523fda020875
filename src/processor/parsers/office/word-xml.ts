import type { XmlParts } from './xml-parts.ts';
import { normalizeRuns, vanishes, type Hiding } from './word-runs.ts';

/** The parts that hold text of the document. */
const TEXT_PARTS = /^word\/(?:document\d*|footnotes|endnotes)\.xml$/;
/**
 * None of these goes further than to the next of its kind, so that one that is never closed costs no more than others;
 * nor is an attribute that is there again and again looked for again and again.
 */
const STYLE =
  /<w:style\b(?:(?!\bw:styleId=)[^<>])*\bw:styleId="([^"<>]*)"[^<>]*>((?:(?!<w:style\b)[^])*?)<\/w:style>/g;
const DEFAULTS = /<w:rPrDefault>(?:(?!<w:rPrDefault>)[^])*?<\/w:rPrDefault>/;
const DEFAULT_STYLE = /<w:style\b(?=[^<>]* w:type="paragraph")(?=[^<>]* w:default="(?:1|true|on)")[^<>]*>/;
const PROPERTIES = /<w:pPr>((?:(?!<w:pPr>)[^])*?)<\/w:pPr>/g;
const FORMER_PROPERTIES = /<w:([pr]PrChange)\b(?:(?!<w:[pr]PrChange\b)[^])*?<\/w:\1>/g;
/** A large first letter, which is a paragraph of its own, and the start of the paragraph that it begins. */
const DROP_CAP =
  /<w:p(?: [^<>]*)?><w:pPr>(?:(?!<\/?w:pPr>|<w:framePr)[^])*?<w:framePr\b(?:(?!w:dropCap=)[^<>])*w:dropCap="(?:drop|margin)"(?:(?!<\/?w:pPr>|<w:framePr)[^])*?<\/w:pPr>((?:(?!<\/?w:p[ >])[^])*?)<\/w:p>\s*(<w:p(?: [^<>]*)?(?<!\/)>(?:<w:pPr>(?:(?!<w:pPr>)[^])*?<\/w:pPr>)?)/g;
const RUBY = /<w:ruby>(?:(?!<w:ruby>)[^])*?<\/w:ruby>/g;
const RUBY_BASE = /<w:rubyBase>[^]*/;
const RUN_TEXT = /<w:t(?: [^<>]*)?>[^<]*<\/w:t>/g;
const HEADING_NAME = /<w:name w:val="heading ([1-9])"/i;
const TITLE_NAME = /<w:name w:val="title"/i;
/** Levels count from 0; the last stands for text that is no heading. */
const OUTLINE_LEVEL = /<w:outlineLvl w:val="(\d)"/;
const BODY_LEVEL = 9;
/** How far a style may be based on others; one that is based on itself has no end. */
const MAX_DEPTH = 20;
const NUMBERING = /<w:numPr>(?:(?!<w:numPr>)[^])*?<\/w:numPr>/;
const NO_LIST = /<w:numId w:val="0"/;
const PARAGRAPH_STYLE = /<w:pStyle w:val="([^"]*)"\s*\/>/;

/** What a paragraph is by its style. */
interface Role {
  /** The name that the library knows a heading by. */
  heading?: string;
  /** Of the list that it is an item of. */
  numbering?: string;
  hidden?: boolean;
}

/**
 * Rewrites a Word document: what is a heading or an item by its style's name, level or numbering, in whatever
 * language the style is called, is one by a style that the library knows; what parts words is a line's end,
 * and a large first letter is a part of its word;
 * signs of symbol fonts are letters of their own; and what is hidden, or said above words, such as how they are read,
 * is left out.
 */
export function normalizeWords(parts: XmlParts): void {
  const styles = parts.get('word/styles.xml') ?? '';
  const roles = rolesOf(styles);
  const hiding = hidingOf(styles, roles);
  for (const [name, xml] of parts) {
    if (!TEXT_PARTS.test(name)) continue;
    // What a paragraph and its words were before they were changed.
    const present = xml.replace(FORMER_PROPERTIES, '');
    const normalized = normalizeRuns(present.replace(DROP_CAP, '$2$1'), hiding)
      .replace(/<w:br w:type="(?:page|column)"\s*\/>/g, '<w:br/>')
      .replace(/<w:noBreakHyphen\s*\/>/g, '<w:t>-</w:t>')
      .replace(RUBY, (ruby) => (RUBY_BASE.exec(ruby)?.[0].match(RUN_TEXT) ?? []).join(''))
      .replace(PROPERTIES, (_, properties: string) => {
        return `<w:pPr>${withRole(properties, roles)}</w:pPr>`;
      });
    parts.set(name, normalized);
  }
}

function withRole(properties: string, roles: ReadonlyMap<string, Role>): string {
  const role = roles.get(PARAGRAPH_STYLE.exec(properties)?.[1] ?? '') ?? {};
  const heading = headingOf(properties) ?? role.heading;
  if (heading !== undefined) {
    // The library takes whatever is numbered for an item.
    const rest = properties.replace(NUMBERING, '').replace(PARAGRAPH_STYLE, '');
    return `<w:pStyle w:val="${heading}"/>${rest}`;
  }
  // Number 0 says that it is no item, whatever its style is.
  return NUMBERING.test(properties)
    ? properties.replace(NUMBERING, (numbering) => (NO_LIST.test(numbering) ? '' : numbering))
    : properties + (role.numbering ?? '');
}

function hidingOf(styles: string, roles: ReadonlyMap<string, Role>): Hiding {
  const ids = new Set([...roles].filter(([, { hidden }]) => hidden).map(([id]) => id));
  const [body = ''] = DEFAULT_STYLE.exec(styles) ?? [];
  const id = /\bw:styleId="([^"]*)"/.exec(body)?.[1];
  if (id !== undefined && ids.has(id)) ids.add('');
  return { styles: ids, byDefault: vanishes(DEFAULTS.exec(styles)?.[0] ?? '') ?? false };
}

function rolesOf(styles: string): Map<string, Role> {
  const roles = new Map<string, Role>();
  const bodies = new Map([...styles.matchAll(STYLE)].map(([, id = '', body = '']) => [id, body]));
  for (const id of bodies.keys()) roles.set(id, roleOf(id, bodies));
  return roles;
}

/** What a style does not say itself, the one that it is based on says. */
function roleOf(id: string, bodies: ReadonlyMap<string, string>, depth = 0): Role {
  const body = bodies.get(id);
  if (body === undefined || depth > MAX_DEPTH) return {};
  const base = /<w:basedOn w:val="([^"]*)"/.exec(body)?.[1] ?? '';
  const inherited = roleOf(base, bodies, depth + 1);
  const named = HEADING_NAME.exec(body)?.[1];
  const own = named === undefined ? headingOf(body) : `Heading${named}`;
  const heading =
    own ?? (TITLE_NAME.test(body) ? 'Title' : OUTLINE_LEVEL.test(body) ? undefined : inherited.heading);
  const numbering = numberingOf(body) ?? inherited.numbering;
  const hidden = vanishes(body) ?? inherited.hidden;
  return {
    ...(heading !== undefined && { heading }),
    ...(numbering !== undefined && { numbering }),
    ...(hidden !== undefined && { hidden }),
  };
}

function headingOf(properties: string): string | undefined {
  const level = Number(OUTLINE_LEVEL.exec(properties)?.[1] ?? BODY_LEVEL);
  return level < BODY_LEVEL ? `Heading${level + 1}` : undefined;
}

function numberingOf(style: string): string | undefined {
  const numbering = NUMBERING.exec(style)?.[0];
  if (numbering === undefined || !/<w:numId w:val="\d/.test(numbering) || NO_LIST.test(numbering))
    return undefined;
  return numbering.includes('<w:ilvl')
    ? numbering
    : numbering.replace('<w:numPr>', '<w:numPr><w:ilvl w:val="0"/>');
}
