import { randomUUID } from 'node:crypto'
import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** A name that no reader of a directory takes for one of its files, and that no other writer has. */
export function temporaryName(directory: string, extension: string): string {
  return join(directory, `.${randomUUID()}.${extension}.tmp`)
}

/** Returns when the bytes of the file are on the disk. */
export function syncFile(path: string): void {
  withDescriptor(path, fsyncSync)
}

/** Returns when the names in the directory are on the disk: a rename or link may be lost before that. */
export function syncDirectory(path: string): void {
  withDescriptor(path, fsyncSync)
}

/** Makes a directory and what is missing above it; returns when all their names are on the disk. */
export function createDirectory(path: string): void {
  const first = mkdirSync(path, { recursive: true })
  if (first === undefined) return
  const top = dirname(resolve(first))
  for (let parent = dirname(resolve(path)); parent.length >= top.length; parent = dirname(parent)) {
    syncDirectory(parent)
    if (parent === dirname(parent)) break
  }
}

function withDescriptor(path: string, action: (descriptor: number) => void): void {
  const descriptor = openSync(path, 'r')
  try {
    action(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
