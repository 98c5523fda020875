/** Declares parts of the package, which has no types. Its own entry does not show formats of the text. */
declare module 'word-extractor/lib/filters.js' {
  const filters: {
    clean: (text: string) => string;
    binaryToUnicode: (text: string) => string;
  };
  export default filters;
}

declare module 'word-extractor/lib/buffer-reader.js' {
  export default class BufferReader {
    constructor(file: Buffer);
    open(): Promise<void>;
  }
}

declare module 'word-extractor/lib/word-ole-extractor.js' {
  import type BufferReader from 'word-extractor/lib/buffer-reader.js';

  interface Options {
    /** Whether to replace quotes and dashes by those of ASCII. */
    filterUnicode: boolean;
  }
  export default class WordOleExtractor {
    _pieces: { startFilePos: number; endFilePos: number; bpc: number; text: string }[];
    writeCharacterProperties: (stream: Buffer, table: Buffer) => void;
    writeParagraphProperties: (stream: Buffer, table: Buffer) => void;
    extract(reader: BufferReader): Promise<{
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
