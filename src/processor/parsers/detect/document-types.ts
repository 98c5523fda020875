interface TypeFacts {
  mediaType: string;
  extensions: readonly string[];
  /** Its content shows what it is: without that, a file of such a name is damaged. */
  binary?: true;
  /** What else uploaders declare it as. */
  aliases?: readonly string[];
}

const OPEN_XML = 'application/vnd.openxmlformats-officedocument';
const OPEN_DOCUMENT = 'application/vnd.oasis.opendocument';

/** Every type of document that is read. */
export const DOCUMENT_TYPES = {
  pdf: { mediaType: 'application/pdf', extensions: ['.pdf'], binary: true },
  docx: {
    mediaType: `${OPEN_XML}.wordprocessingml.document`,
    extensions: ['.docx', '.docm', '.dotx', '.dotm'],
    binary: true,
  },
  pptx: {
    mediaType: `${OPEN_XML}.presentationml.presentation`,
    extensions: ['.pptx', '.pptm', '.ppsx', '.potx'],
    binary: true,
  },
  xlsx: {
    mediaType: `${OPEN_XML}.spreadsheetml.sheet`,
    extensions: ['.xlsx', '.xlsm', '.xltx', '.xltm'],
    binary: true,
  },
  odt: { mediaType: `${OPEN_DOCUMENT}.text`, extensions: ['.odt', '.ott'], binary: true },
  odp: { mediaType: `${OPEN_DOCUMENT}.presentation`, extensions: ['.odp', '.otp'], binary: true },
  ods: { mediaType: `${OPEN_DOCUMENT}.spreadsheet`, extensions: ['.ods', '.ots'], binary: true },
  epub: { mediaType: 'application/epub+zip', extensions: ['.epub'], binary: true },
  rtf: { mediaType: 'application/rtf', extensions: ['.rtf'], binary: true },
  html: {
    mediaType: 'text/html',
    extensions: ['.html', '.htm', '.xhtml'],
    aliases: ['application/xhtml+xml'],
  },
  csv: {
    mediaType: 'text/csv',
    extensions: ['.csv', '.tsv', '.tab'],
    aliases: ['text/tab-separated-values'],
  },
  mail: { mediaType: 'message/rfc822', extensions: ['.eml'] },
  json: {
    mediaType: 'application/json',
    extensions: ['.json', '.geojson', '.ipynb'],
    aliases: ['text/json'],
  },
  markdown: {
    mediaType: 'text/markdown',
    extensions: ['.md', '.markdown', '.mdown'],
    aliases: ['text/x-markdown'],
  },
  /** Source code, too: whatever text there is no more to know about. */
  text: { mediaType: 'text/plain', extensions: ['.txt', '.text', '.log'] },
} as const satisfies Record<string, TypeFacts>;

export type DocumentType = keyof typeof DOCUMENT_TYPES;

const types: readonly (readonly [DocumentType, TypeFacts])[] = Object.entries(DOCUMENT_TYPES).map(
  ([type, facts]) => [type as DocumentType, facts],
);
const byExtension = new Map(
  types.flatMap(([type, { extensions }]) => extensions.map((extension) => [extension, type] as const)),
);
const byMediaType = new Map(
  types.flatMap(([type, { mediaType, aliases = [] }]) =>
    [mediaType, ...aliases].map((name) => [name, type] as const),
  ),
);

/** The type that goes by an extension, given in lower case with its dot. */
export function typeOfExtension(extension: string): DocumentType | undefined {
  return byExtension.get(extension);
}

/** The type that goes by a media type, whatever its parameters. */
export function typeOfMediaType(mediaType: string): DocumentType | undefined {
  return byMediaType.get(mediaType.toLowerCase().replace(/;.*$/s, '').trim());
}

/** Whether a file of the type shows it in its content. */
export function isBinary(type: DocumentType): boolean {
  return 'binary' in DOCUMENT_TYPES[type];
}
