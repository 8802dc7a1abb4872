/**
 * The functions that a text calls, and those that they call, in the order of the catalogue.
 * @param functions  text of each by its name
 */
export function usedFunctions(text: string, functions: Readonly<Record<string, string>>): string[] {
  const used = new Set<string>()
  const look = (caller: string) => {
    for (const name of Object.keys(functions)) {
      if (used.has(name) || !new RegExp(`\\b${name}\\(`).test(caller)) continue
      used.add(name)
      look(functions[name]!)
    }
  }
  look(text)
  return Object.entries(functions).flatMap(([name, definition]) => (used.has(name) ? [definition] : []))
}
