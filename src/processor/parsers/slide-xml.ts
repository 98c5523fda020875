/** Up to the next shape at most, so that one that is never closed costs no more than the others. */
const SHAPE = /<p:sp\b(?:(?!<p:sp\b)[^])*?<\/p:sp>/g;
/** What a show repeats on every slide. */
const REPEATED = /<p:ph\b[^<>]*\btype="(?:sldNum|ftr|hdr)"/;

/** A slide, or its notes, without its number, header and footer. */
export function mendSlide(xml: string): string {
  return xml.replace(SHAPE, (shape) => (REPEATED.test(shape) ? '' : shape));
}
