/** Matches a class that names the language of code. */
const LANGUAGE = /(?:^|\s)lang(?:uage)?-([\w+#-]+)/;

/** Returns the language that an element with code names. */
export function languageOf(attributes: ReadonlyMap<string, string>): string | undefined {
  return LANGUAGE.exec(attributes.get('class') ?? '')?.[1];
}
