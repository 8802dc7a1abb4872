/** A list of words from a text with commas: long lists read better so. */
export function words(text: string): readonly string[] {
  return text.split(',').map((word) => word.trim())
}
