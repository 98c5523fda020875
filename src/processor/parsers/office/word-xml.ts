import type { XmlParts } from './xml-parts.ts';
import { normalizeRuns, vanishes, type Hiding } from './word-runs.ts';

/** Parts that hold the document's text. */
const TEXT_PARTS = /^word\/(?:document\d*|footnotes|endnotes)\.xml$/;
/**
 * Matches up to the next of its kind, so that an unclosed one costs no more than others. It also searches repeated
 * attributes only once.
 */
const STYLE =
  /<w:style\b(?:(?!\bw:styleId=)[^<>])*\bw:styleId="([^"<>]*)"[^<>]*>((?:(?!<w:style\b)[^])*?)<\/w:style>/g;
const DEFAULTS = /<w:rPrDefault>(?:(?!<w:rPrDefault>)[^])*?<\/w:rPrDefault>/;
const DEFAULT_STYLE = /<w:style\b(?=[^<>]* w:type="paragraph")(?=[^<>]* w:default="(?:1|true|on)")[^<>]*>/;
const PROPERTIES = /<w:pPr>((?:(?!<w:pPr>)[^])*?)<\/w:pPr>/g;
const FORMER_PROPERTIES = /<w:([pr]PrChange)\b(?:(?!<w:[pr]PrChange\b)[^])*?<\/w:\1>/g;
/** A drop cap in its own paragraph, and the start of the paragraph that it begins. */
const DROP_CAP =
  /<w:p(?: [^<>]*)?><w:pPr>(?:(?!<\/?w:pPr>|<w:framePr)[^])*?<w:framePr\b(?:(?!w:dropCap=)[^<>])*w:dropCap="(?:drop|margin)"(?:(?!<\/?w:pPr>|<w:framePr)[^])*?<\/w:pPr>((?:(?!<\/?w:p[ >])[^])*?)<\/w:p>\s*(<w:p(?: [^<>]*)?(?<!\/)>(?:<w:pPr>(?:(?!<w:pPr>)[^])*?<\/w:pPr>)?)/g;
const RUBY = /<w:ruby>(?:(?!<w:ruby>)[^])*?<\/w:ruby>/g;
const RUBY_BASE = /<w:rubyBase>[^]*/;
const RUN_TEXT = /<w:t(?: [^<>]*)?>[^<]*<\/w:t>/g;
const HEADING_NAME = /<w:name w:val="heading ([1-9])"/i;
const TITLE_NAME = /<w:name w:val="title"/i;
/** Levels count from 0. The last one marks body text. */
const OUTLINE_LEVEL = /<w:outlineLvl w:val="(\d)"/;
const BODY_LEVEL = 9;
/** Longest chain of base styles. A style based on itself has no end. */
const MAX_DEPTH = 20;
const NUMBERING = /<w:numPr>(?:(?!<w:numPr>)[^])*?<\/w:numPr>/;
const NO_LIST = /<w:numId w:val="0"/;
const PARAGRAPH_STYLE = /<w:pStyle w:val="([^"]*)"\s*\/>/;

/** A paragraph's role by its style. */
interface Role {
  /** The heading's name in the library. */
  heading?: string;
  /** The list that the item belongs to. */
  numbering?: string;
  hidden?: boolean;
}

/**
 * Rewrites a Word document for the library. Headings and items of any language's styles get styles that it knows.
 * Breaks between words become line ends. A drop cap joins its word. Signs of symbol fonts become Unicode. Hidden text
 * and ruby annotations go.
 */
export function normalizeWords(parts: XmlParts): void {
  const styles = parts.get('word/styles.xml') ?? '';
  const roles = rolesOf(styles);
  const hiding = hidingOf(styles, roles);
  for (const [name, xml] of parts) {
    if (!TEXT_PARTS.test(name)) continue;
    // Properties from before a tracked change.
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
    // The library takes every numbered paragraph for an item.
    const rest = properties.replace(NUMBERING, '').replace(PARAGRAPH_STYLE, '');
    return `<w:pStyle w:val="${heading}"/>${rest}`;
  }
  // Number 0 marks no item, whatever its style.
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

/** Finds a style's role. A style inherits its missing properties from its base style. */
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
