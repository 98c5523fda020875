import { drawnText } from './symbol-fonts.ts';

/** Matches up to the next shape, so that an unclosed one costs no more than others. */
const SHAPE = /<p:sp\b(?:(?!<p:sp\b)[^])*?<\/p:sp>/g;
/** Placeholders that a presentation repeats on every slide. */
const REPEATED = /<p:ph\b[^<>]*\btype="(?:sldNum|ftr|hdr)"/;

const RUN = /<a:r>(?:(?!<a:r>)[^])*?<\/a:r>/g;
const SYMBOL_FONT = /<a:sym\b[^<>]*\btypeface="([^"]*)"/;
const FONT = /<a:latin\b[^<>]*\btypeface="([^"]*)"/;
/** Code points of symbol fonts, which draw signs for letters. */
const SIGNS = /[\uf020-\uf0ff]/g;

/** Removes number, header and footer from a slide or its notes. It turns signs of symbol fonts into Unicode. */
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
