/**
 * How threads share the ranges of a job of many steps. No thread begins a step before all have finished the one before. Each
 * goes through ranges of its own first, the same in every step, so that the rows it wrote are still in its cache, and then takes
 * over what others have not begun.
 */
export interface StepTurns {
  /** nSteps × nRanges: 1 where a range has been taken. */
  readonly claims: Int32Array
  /** How many threads have finished each step. */
  readonly finished: Int32Array
  readonly nThreads: number
}

/** Turns for `nThreads` threads, in memory of their own. */
export function makeTurns(nSteps: number, nRanges: number, nThreads: number): StepTurns {
  const shared = (length: number) => new Int32Array(new SharedArrayBuffer(4 * length))
  return { claims: shared(nSteps * nRanges), finished: shared(nSteps), nThreads }
}

/** Does thread `index`'s part of every step. */
export function takeTurns(
  { claims, finished, nThreads }: StepTurns,
  index: number,
  work: (step: number, range: number) => void,
): void {
  const nRanges = claims.length / finished.length
  const first = Math.floor((index * nRanges) / nThreads)
  for (let step = 0; step < finished.length; step++) {
    for (let at = 0; at < nRanges; at++) {
      const range = (first + at) % nRanges
      if (Atomics.exchange(claims, step * nRanges + range, 1) === 0) work(step, range)
    }
    // What the others have written is seen after this: the add and the loads are sequentially consistent.
    Atomics.add(finished, step, 1)
    Atomics.notify(finished, step)
    waitForOthers(finished, step, nThreads)
  }
}

/** Nothing more is begun. */
export function callOffTurns({ claims }: StepTurns): void {
  for (let at = 0; at < claims.length; at++) Atomics.store(claims, at, 1)
}

/** Nobody waits for a thread that has failed. */
export function giveUpTurns(turns: StepTurns): void {
  callOffTurns(turns)
  for (let step = 0; step < turns.finished.length; step++) {
    Atomics.store(turns.finished, step, turns.nThreads)
    Atomics.notify(turns.finished, step)
  }
}

/** Looks before sleeping: the others are mostly done within microseconds, and waking takes longer. */
const looks = 2000

function waitForOthers(finished: Int32Array, step: number, nThreads: number): void {
  for (let look = 0; look < looks; look++) if (Atomics.load(finished, step) >= nThreads) return
  for (let done = Atomics.load(finished, step); done < nThreads; done = Atomics.load(finished, step)) {
    Atomics.wait(finished, step, done)
  }
}
