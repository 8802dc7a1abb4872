import type { HarImport } from '../loadtest/scenario/har-import.ts'

/** What became of a recording, and what did not. */
export function harSummary(file: string, imported: Omit<HarImport, 'text'>): string {
  const { origin, steps, otherHosts, droppedCredentials, keptCredentials, suspectParameters } = imported
  const others = Object.entries(otherHosts).map(([host, count]) => `${host} (${count})`)
  return [
    `${file} is written: ${steps} requests to ${origin}.`,
    ...(others.length > 0 ? [`Left out, as they go to other hosts: ${others.join(', ')}.`] : []),
    ...(droppedCredentials.length > 0
      ? [
          `Left out, as they may hold secrets: ${droppedCredentials.join(', ')}. --keep-credentials keeps them.`,
        ]
      : []),
    ...(keptCredentials.length > 0
      ? [`Kept, and the file is a secret now: ${keptCredentials.join(', ')}.`]
      : []),
    ...(suspectParameters.length > 0
      ? [`Look at these query parameters, which may be secrets: ${suspectParameters.join(', ')}.`]
      : []),
  ].join('\n')
}
