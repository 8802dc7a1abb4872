import type { KeyScope } from '../../registry/types.ts'

/** A key as request threads know it. */
export interface KnownKey {
  readonly id: string
  readonly scopes: readonly KeyScope[]
  /** Of the whole key. */
  readonly sha256: Uint8Array
}
