import { escapeHtml } from '../../escape-html.ts'

/** HTML that needs no escaping any more. */
export interface Html {
  readonly html: string
}

export type HtmlCell = string | number | null | undefined | Html

/** Numbers right-aligned; a wide table scrolls by itself. */
export function htmlTable(columns: readonly string[], rows: readonly (readonly HtmlCell[])[]): string {
  const numeric = columns.map((_, column) => rows.some((row) => typeof row[column] === 'number'))
  const alignment = (column: number) => (numeric[column] ? ' class="number"' : '')
  const head = columns.map((name, column) => `<th${alignment(column)} scope="col">${escapeHtml(name)}</th>`)
  const body = rows.map((row) => {
    const cells = row.map((cell, column) => `<td${alignment(column)}>${cellText(cell)}</td>`)
    return `<tr>${cells.join('')}</tr>`
  })
  return `<div class="scroll" tabindex="0"><table><thead><tr>${head.join('')}</tr></thead><tbody>${body.join('')}</tbody></table></div>`
}

function cellText(cell: HtmlCell): string {
  if (typeof cell === 'number') return formatNumber(cell)
  if (typeof cell === 'object' && cell !== null) return cell.html
  return cell === undefined || cell === null || cell === '' ? '–' : escapeHtml(cell)
}

/** Whole numbers in full, others to four decimals. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return '–'
  return Number.isInteger(value) ? value.toLocaleString('en-US') : value.toFixed(4)
}

/** `+1.23 %`, `−0.40 %` */
export function signedPercent(share: number): string {
  if (!Number.isFinite(share)) return '–'
  return `${share < 0 ? '−' : '+'}${Math.abs(100 * share).toFixed(2)} %`
}
