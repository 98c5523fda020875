/** The XML parts of an Office file, by their names. */
export type XmlParts = Map<string, string>;
