export interface PageProps {
  /** What stands behind the page's name in the address. */
  readonly parts: readonly string[]
}
