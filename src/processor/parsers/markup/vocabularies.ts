/**
 * The usual prefixes of vocabularies. Files may use others, and Office writes two addresses for each: a transitional
 * and a strict one.
 */
const PREFIXES: readonly [address: RegExp, prefix: string][] = [
  [/wordprocessingml(?:\/2006)?\/main$/, 'w'],
  [/spreadsheetml(?:\/2006)?\/main$/, 's'],
  [/presentationml(?:\/2006)?\/main$/, 'p'],
  [/spreadsheetml\/2018\/threadedcomments$/, 'xltc'],
  [/powerpoint\/2018\/8\/main$/, 'p188'],
  [/drawingml(?:\/2006)?\/main$/, 'a'],
  [/drawingml(?:\/2006)?\/chart$/, 'c'],
  [/drawingml(?:\/2006)?\/diagram$/, 'dgm'],
  [/drawingml(?:\/2006)?\/spreadsheetDrawing$/i, 'xdr'],
  [/drawingml(?:\/2006)?\/wordprocessingDrawing$/i, 'wp'],
  [/office\/drawing\/2014\/chartex$/, 'cx'],
  [/office\/drawing\/2010\/main$/, 'a14'],
  [/office\/drawing\/2008\/diagram$/, 'dsp'],
  [/word\/2010\/wordprocessingShape$/, 'wps'],
  [/officeDocument(?:\/2006)?\/relationships$/, 'r'],
  [/officeDocument(?:\/2006)?\/math$/, 'm'],
  [/markup-compatibility\/2006$/, 'mc'],
  [/package\/2006\/relationships$/, 'rel'],
  [/schemas-microsoft-com:vml$/, 'v'],
  [/opendocument:xmlns:(?:office|text|table|style|presentation|chart|manifest):1\.0$/, ''],
  [/opendocument:xmlns:drawing:1\.0$/, 'draw'],
  [/xsl-fo-compatible:1\.0$/, 'fo'],
  [/svg-compatible:1\.0$/, 'svg'],
  [/w3\.org\/1999\/xlink$/, 'xlink'],
  [/w3\.org\/1998\/Math\/MathML$/i, 'math'],
  [/idpf\.org\/2007\/opf$/, 'opf'],
  [/purl\.org\/dc\/elements\/1\.1\/$/, 'dc'],
];

/** Returns the usual prefix of a vocabulary by its address; undefined if it is not known. */
export function prefixOf(address: string): string | undefined {
  const prefix = PREFIXES.find(([pattern]) => pattern.test(address))?.[1];
  // OpenDocument names its vocabularies in their addresses.
  return prefix === '' ? /:xmlns:([a-z]+):/.exec(address)?.[1] : prefix;
}
