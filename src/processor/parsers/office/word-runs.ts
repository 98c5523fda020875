import { drawnText, isSymbolFont } from './symbol-fonts.ts';

/**
 * A paragraph's start or end, its style, or a run without an inner run. A run with a text box has inner runs. Each
 * matches up to the next of its kind, so that an unclosed one costs no more than others.
 */
const PIECE =
  /<w:p(?: [^<>]*)?(?<!\/)>|<\/w:p>|<w:pStyle w:val="([^"<>]*)"|<w:r(?: [^<>]*)?>(?:(?!<w:r[ >])[^])*?<\/w:r>/g;
const VANISH = /<w:rPr>(?:(?!<\/?w:rPr>)[^])*?<w:vanish(?=[\s/>])([^<>]*)>/;
const VALUE = / w:val="([^"]*)"/;
const RUN_STYLE = /<w:rStyle w:val="([^"]*)"/;
const RUN_FONT = /<w:rFonts\b[^<>]* w:ascii="([^"]*)"/;
const RUN_TEXT = /(<w:t(?: [^<>]*)?>)([^<]*)<\/w:t>/g;
/** The library does not know this hyphen. It becomes text later. */
const HYPHEN = /<w:noBreakHyphen\s*\/>/g;
const SIGN = /<w:sym\b([^<>]*)\/>/g;

/** Returns whether a style or a run hides its words; undefined if it does not say. */
export function vanishes(xml: string): boolean | undefined {
  const found = VANISH.exec(xml);
  return found ? /^(?:1|true|on)$/.test(VALUE.exec(found[1] ?? '')?.[1] ?? '1') : undefined;
}

/** What hides words besides their runs. */
export interface Hiding {
  /** Ids of the styles that hide text. '' stands for the default paragraph style. */
  styles: ReadonlySet<string>;
  /** Whether the document's defaults hide text. Then only a run shows its words. */
  byDefault: boolean;
}

/** Removes hidden runs from a Word document. It spells the signs that symbol fonts draw for letters. */
export function normalizeRuns(xml: string, hiding: Hiding): string {
  // Styles of the open paragraphs. A text box holds paragraphs within one.
  const open: string[] = [];
  return xml.replace(PIECE, (piece, style?: string) => {
    if (style !== undefined) open.splice(-1, 1, style);
    else if (piece === '</w:p>') open.pop();
    else if (!piece.startsWith('<w:r')) open.push('');
    else if (!isHidden(piece, open.at(-1) ?? '', hiding)) return withSigns(piece);
    else return piece.replace(RUN_TEXT, '').replace(HYPHEN, '');
    return piece;
  });
}

function isHidden(run: string, paragraphStyle: string, { styles, byDefault }: Hiding): boolean {
  const runStyle = RUN_STYLE.exec(run)?.[1];
  const byRunStyle = runStyle !== undefined && styles.has(runStyle);
  // If both styles hide a run, it shows, because one toggles the other.
  return vanishes(run) ?? (byDefault || byRunStyle !== styles.has(paragraphStyle));
}

function withSigns(run: string): string {
  const font = RUN_FONT.exec(run)?.[1] ?? '';
  const drawn = isSymbolFont(font)
    ? run.replace(RUN_TEXT, (text, tag: string, words: string) =>
        words.includes('&') ? text : `${tag}${drawnText(font, words)}</w:t>`,
      )
    : run;
  return drawn.replace(SIGN, (_, attributes: string) => {
    const code = Number.parseInt(/ w:char="([\da-fA-F]{1,4})"/.exec(attributes)?.[1] ?? '20', 16);
    const sign = drawnText(/ w:font="([^"]*)"/.exec(attributes)?.[1] ?? '', String.fromCharCode(code));
    return /[<&\p{Cc}]/u.test(sign) ? '' : `<w:t xml:space="preserve">${sign}</w:t>`;
  });
}
