import { type LatencyCounts, LatencyHistogram } from './histogram.ts'
import type { EncodedBlocks } from './types.ts'

/** Enough for a bootstrap, and some kilobytes in a report. */
export const mostBlocks = 64

/**
 * What a run did span by span: when there are too many spans, neighbours are merged and spans are twice as long from
 * then on, so that memory does not grow with the length of the run.
 */
export class HistogramBlocks {
  readonly #blocks: LatencyCounts[] = []
  #seconds = 1
  #inLast = 0

  /** @param second  histogram of one second */
  add(second: LatencyHistogram): void {
    this.#addCounts(second.counts())
  }

  encoded(): EncodedBlocks {
    return { seconds: this.#seconds, histograms: this.#blocks.map((block) => histogramOf(block).encode()) }
  }

  #addCounts(counts: LatencyCounts): void {
    if (this.#blocks.length > 0 && this.#inLast < this.#seconds) {
      this.#blocks[this.#blocks.length - 1] = sum(this.#blocks.at(-1)!, counts)
      this.#inLast += 1
      return
    }
    if (this.#blocks.length === mostBlocks) this.#halve()
    this.#blocks.push(counts)
    this.#inLast = 1
  }

  #halve(): void {
    const halved = pairwise(this.#blocks)
    this.#blocks.length = 0
    this.#blocks.push(...halved)
    this.#seconds *= 2
  }
}

function pairwise(blocks: readonly LatencyCounts[]): LatencyCounts[] {
  return blocks.flatMap((block, i) => {
    if (i % 2 === 1) return []
    const next = blocks[i + 1]
    return [next ? sum(block, next) : block]
  })
}

/** Both in ascending order, and so is the result. */
function sum(a: LatencyCounts, b: LatencyCounts): LatencyCounts {
  const total = new Map<number, number>()
  for (const { valuesUs, counts } of [a, b]) {
    for (const [i, value] of valuesUs.entries()) total.set(value, (total.get(value) ?? 0) + counts[i]!)
  }
  const valuesUs = [...total.keys()].sort((x, y) => x - y)
  return { valuesUs, counts: valuesUs.map((value) => total.get(value)!) }
}

function histogramOf({ valuesUs, counts }: LatencyCounts): LatencyHistogram {
  const histogram = new LatencyHistogram()
  for (const [i, value] of valuesUs.entries()) histogram.add(value, counts[i]!)
  return histogram
}

/** The blocks of several generators that ran side by side, span by span. */
export function mergeBlocks(several: readonly EncodedBlocks[]): EncodedBlocks {
  const seconds = Math.max(...several.map((blocks) => blocks.seconds))
  const decoded = several.map((blocks) => coarsened(decodeBlocks(blocks), blocks.seconds, seconds))
  const length = Math.max(...decoded.map((blocks) => blocks.length))
  const merged = Array.from({ length }, (_, i) => decoded.flatMap((blocks) => blocks[i] ?? []).reduce(sum))
  return { seconds, histograms: merged.map((block) => histogramOf(block).encode()) }
}

/** Lengths of spans are powers of two. */
function coarsened(blocks: readonly LatencyCounts[], from: number, to: number): readonly LatencyCounts[] {
  let coarse = blocks
  for (let seconds = from; seconds < to; seconds *= 2) coarse = pairwise(coarse)
  return coarse
}

/** @throws an error of the decoder for texts that are no histograms */
export function decodeBlocks({ histograms }: EncodedBlocks): LatencyCounts[] {
  return histograms.map((text) => LatencyHistogram.decode(text).counts())
}
