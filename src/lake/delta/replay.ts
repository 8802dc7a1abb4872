import type { Action, AddFile, MetaData, Protocol, RemoveFile, Transaction } from './actions.ts'
import { canonicalPath } from './paths.ts'

/** The state of a table after some version: what the protocol calls action reconciliation. */
export interface TableState {
  readonly protocol: Protocol | undefined
  readonly metaData: MetaData | undefined
  /** By canonical path. */
  readonly files: ReadonlyMap<string, AddFile>
  /** Removed files that a checkpoint still has to name, by canonical path. */
  readonly tombstones: ReadonlyMap<string, RemoveFile>
  /** By application. */
  readonly transactions: ReadonlyMap<string, Transaction>
}

/** Replays actions in the order of their commits; the last one about a thing wins. */
export function replay(actions: Iterable<Action>): TableState {
  const state = {
    protocol: undefined as Protocol | undefined,
    metaData: undefined as MetaData | undefined,
    files: new Map<string, AddFile>(),
    tombstones: new Map<string, RemoveFile>(),
    transactions: new Map<string, Transaction>(),
  }
  for (const { protocol, metaData, add, remove, txn } of actions) {
    if (protocol) state.protocol = protocol
    if (metaData) state.metaData = metaData
    if (txn) state.transactions.set(txn.appId, txn)
    if (remove) move(remove, state.files, state.tombstones)
    if (add) move(add, state.tombstones, state.files)
  }
  return state
}

function move<File extends { readonly path: string }>(
  file: File,
  from: Map<string, unknown>,
  to: Map<string, File>,
): void {
  const key = canonicalPath(file.path)
  from.delete(key)
  to.set(key, file)
}
