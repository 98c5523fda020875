import { drawnText } from './symbol-fonts.ts';

/** Up to the next shape at most, so that one that is never closed costs no more than the others. */
const SHAPE = /<p:sp\b(?:(?!<p:sp\b)[^])*?<\/p:sp>/g;
/** What a show repeats on every slide. */
const REPEATED = /<p:ph\b[^<>]*\btype="(?:sldNum|ftr|hdr)"/;

const RUN = /<a:r>(?:(?!<a:r>)[^])*?<\/a:r>/g;
const SYMBOL_FONT = /<a:sym\b[^<>]*\btypeface="([^"]*)"/;
const FONT = /<a:latin\b[^<>]*\btypeface="([^"]*)"/;
/** Where files put the characters of fonts that draw signs for letters. */
const SIGNS = /[\uf020-\uf0ff]/g;

/** A slide, or its notes, without its number, header and footer; signs of symbol fonts are letters of their own. */
export function normalizeSlide(xml: string): string {
  return xml.replace(SHAPE, (shape) => (REPEATED.test(shape) ? '' : shape)).replace(RUN, withSigns);
}

function withSigns(run: string): string {
  const font = (SYMBOL_FONT.exec(run) ?? FONT.exec(run))?.[1] ?? '';
  return run.replace(SIGNS, (sign) => {
    const drawn = drawnText(font, sign);
    return /[<&]/.test(drawn) ? ' ' : drawn;
  });
}
