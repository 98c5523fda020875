/** A class that names the language of code. */
const LANGUAGE = /(?:^|\s)lang(?:uage)?-([\w+#-]+)/;

/** Returns the language of an element with code. */
export function languageOf(attributes: ReadonlyMap<string, string>): string | undefined {
  return LANGUAGE.exec(attributes.get('class') ?? '')?.[1];
}
