const LANGUAGE = /(?:^|\s)lang(?:uage)?-([\w+#-]+)/;

/** Returns the language of code that the classes of an element name. */
export function languageOf(attributes: ReadonlyMap<string, string>): string | undefined {
  return LANGUAGE.exec(attributes.get('class') ?? '')?.[1];
}
