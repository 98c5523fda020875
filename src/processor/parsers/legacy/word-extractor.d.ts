/** The package has no types, and those of DefinitelyTyped lack the options. */
declare module 'word-extractor' {
  interface Options {
    /** Whether to replace quotes and dashes by those of ASCII. */
    filterUnicode: boolean;
  }
  export default class WordExtractor {
    extract(file: Buffer): Promise<{
      getBody(options: Options): string;
      getFootnotes(options: Options): string;
      getEndnotes(options: Options): string;
      getTextboxes(options: Options & { includeHeadersAndFooters: boolean }): string;
      getHeaders(options: Options & { includeFooters: boolean }): string;
      getFooters(options: Options): string;
      getAnnotations(options: Options): string;
    }>;
  }
}

declare module 'word-extractor/lib/filters.js' {
  const filters: {
    clean: (text: string) => string;
    binaryToUnicode: (text: string) => string;
  };
  export default filters;
}
