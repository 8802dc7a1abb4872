import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'

/** Names the running process on this machine, also against a later process of the same number. */
export function ownIdentity(): string {
  return identityOf(process.pid)
}

/** Names another process of this machine. */
export function identityOf(pid: number): string {
  return `${hostname()} ${pid} ${startOf(pid)}`
}

/** The number of the process, when it is one of this machine. */
export function pidOf(identity: string): number | undefined {
  const [host, pid] = identity.split(' ')
  return host === hostname() ? Number(pid) : undefined
}

/** False only when the process certainly runs no more: one of another machine may still run. */
export function mayStillRun(identity: string): boolean {
  const [host, pid, start] = identity.split(' ')
  if (host !== hostname()) return true
  if (!exists(Number(pid))) return false
  return startOf(Number(pid)) === start
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Ticks since boot at which the process started, field 22 of its stat on Linux; `-` elsewhere. A zombie runs no more. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name of the program, field 2, may hold spaces and brackets.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? 'ended' : fields[19]!
  } catch {
    return '-'
  }
}
