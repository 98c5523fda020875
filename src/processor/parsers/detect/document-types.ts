interface TypeFacts {
  mediaType: string;
  extensions: readonly string[];
  /** True if the content shows the type. A file of such a name without it is damaged. */
  binary?: true;
  /** Other media types that uploaders declare. */
  aliases?: readonly string[];
}

const OPEN_XML = 'application/vnd.openxmlformats-officedocument';
const OPEN_DOCUMENT = 'application/vnd.oasis.opendocument';

/** Types of documents that a parser reads. */
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
  png: { mediaType: 'image/png', extensions: ['.png'], binary: true },
  jpeg: {
    mediaType: 'image/jpeg',
    extensions: ['.jpg', '.jpeg'],
    binary: true,
    aliases: ['image/jpg'],
  },
  tiff: { mediaType: 'image/tiff', extensions: ['.tif', '.tiff'], binary: true },
  webp: { mediaType: 'image/webp', extensions: ['.webp'], binary: true },
  doc: { mediaType: 'application/msword', extensions: ['.doc', '.dot'], binary: true },
  xls: { mediaType: 'application/vnd.ms-excel', extensions: ['.xls', '.xlt'], binary: true },
  msg: { mediaType: 'application/vnd.ms-outlook', extensions: ['.msg'], binary: true },
  /** A mail in Outlook's own wrapping, most often named `winmail.dat`. */
  tnef: {
    mediaType: 'application/ms-tnef',
    extensions: ['.tnef'],
    binary: true,
    aliases: ['application/vnd.ms-tnef'],
  },
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
  mbox: { mediaType: 'application/mbox', extensions: ['.mbox'], binary: true },
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
  xml: {
    mediaType: 'application/xml',
    extensions: ['.xml', '.nxml', '.svg', '.rss', '.atom', '.dita'],
    aliases: ['text/xml', 'image/svg+xml', 'application/rss+xml', 'application/atom+xml'],
  },
  asciidoc: { mediaType: 'text/asciidoc', extensions: ['.adoc', '.asciidoc'] },
  org: { mediaType: 'text/org', extensions: ['.org'] },
  rst: { mediaType: 'text/x-rst', extensions: ['.rst'], aliases: ['text/prs.fallenstein.rst'] },
  latex: {
    mediaType: 'application/x-latex',
    extensions: ['.tex', '.latex'],
    aliases: ['application/x-tex', 'text/x-tex'],
  },
  srt: { mediaType: 'application/x-subrip', extensions: ['.srt'] },
  vtt: { mediaType: 'text/vtt', extensions: ['.vtt'] },
  /** Any other text, source code included. */
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

/** Returns the type of an extension, given in lower case with its dot. */
export function typeOfExtension(extension: string): DocumentType | undefined {
  return byExtension.get(extension);
}

/** Returns the type of a media type, without regard to its parameters. */
export function typeOfMediaType(mediaType: string): DocumentType | undefined {
  return byMediaType.get(mediaType.toLowerCase().replace(/;.*$/s, '').trim());
}

/** Returns whether the content of a file shows the type. */
export function isBinary(type: DocumentType): boolean {
  return 'binary' in DOCUMENT_TYPES[type];
}
