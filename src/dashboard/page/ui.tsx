import type { ComponentChildren, JSX } from 'preact'
import { useState } from 'preact/hooks'
import { ApiError, type Loaded, setToken } from './api.ts'
import { time } from './format.ts'

export function Card({ title, children }: { title?: string; children: ComponentChildren }): JSX.Element {
  return (
    <section class="card">
      {title === undefined ? null : <h2>{title}</h2>}
      {children}
    </section>
  )
}

/** What was loaded, or in words why there is nothing to see. */
export function Show<T>({
  loaded,
  children,
}: {
  loaded: Loaded<T>
  children: (data: T) => ComponentChildren
}): JSX.Element {
  const { data, error } = loaded
  return (
    <>
      {error ? <Trouble error={error} /> : null}
      {data === undefined && !error ? <p class="waiting">Loading…</p> : null}
      {data === undefined ? null : children(data)}
    </>
  )
}

export function Trouble({ error }: { error: ApiError }): JSX.Element {
  const wantsToken = error.status === 401 || error.status === 403
  return (
    <div class="note bad" role="alert">
      <p class="plain">
        {error.message}. {error.remedy}
      </p>
      {wantsToken ? <TokenForm /> : null}
    </div>
  )
}

function TokenForm(): JSX.Element {
  const [token, change] = useState('')
  return (
    <form
      class="row"
      onSubmit={(event) => {
        event.preventDefault()
        setToken(token)
      }}
    >
      <label class="field">
        Admin token
        <input
          type="password"
          autocomplete="off"
          value={token}
          onInput={(event) => change(event.currentTarget.value)}
        />
      </label>
      <button class="button main" type="submit">
        Use it in this tab
      </button>
    </form>
  )
}

export function Empty({ children }: { children: ComponentChildren }): JSX.Element {
  return <p class="soft">{children}</p>
}

export function Figures({
  rows,
}: {
  rows: readonly (readonly [name: string, value: ComponentChildren, isSmall?: boolean])[]
}): JSX.Element {
  return (
    <dl class="figures">
      {rows.map(([name, value, isSmall]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class={isSmall ? 'small' : ''}>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

const moods: Readonly<Record<string, string>> = {
  ...{
    production: 'good',
    succeeded: 'good',
    finished: 'good',
    cached: 'good',
    met: 'good',
    promote: 'good',
  },
  ...{ running: 'busy', started: 'busy', staging: 'busy', retrying: 'warn', queued: 'warn', missed: 'warn' },
  ...{
    failed: 'bad',
    crashed: 'bad',
    killed: 'bad',
    refuse: 'bad',
    rollback: 'warn',
    force: 'warn',
    cancelled: 'warn',
  },
  ...{ 'timed out': 'bad' },
}

export function moodOf(state: string): string {
  return moods[state] ?? 'plain'
}

export function Badge({ state }: { state: string }): JSX.Element {
  return <span class={`badge ${moodOf(state)}`}>{state}</span>
}

export function Time({ iso }: { iso: string | null }): JSX.Element {
  return iso === null ? (
    <span>–</span>
  ) : (
    <time dateTime={iso} title={iso}>
      {time(iso)}
    </time>
  )
}

export interface Column<Row> {
  readonly name: string
  readonly isNumber?: boolean
  /** Long texts that may break. */
  readonly isWide?: boolean
  /** What a click on the head sorts by. */
  readonly sort?: string
  readonly cell: (row: Row) => ComponentChildren
}

export interface Sorting {
  readonly by: string
  readonly isDescending: boolean
  onSort(by: string): void
}

/** A table that scrolls sideways where it does not fit, also by the keyboard. */
export function Table<Row>(props: {
  label: string
  rows: readonly Row[]
  columns: readonly Column<Row>[]
  keyOf: (row: Row) => string | number
  sorting?: Sorting
}): JSX.Element {
  const { label, rows, columns, keyOf, sorting } = props
  return (
    <section class="scroll" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {columns.map((column) => (
              <Head key={column.name} column={column} sorting={sorting} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ name, isNumber, isWide, cell }) => (
                <td key={name} class={isNumber ? 'number' : isWide ? 'wide' : ''}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function Head<Row>({ column, sorting }: { column: Column<Row>; sorting: Sorting | undefined }): JSX.Element {
  const { name, isNumber, sort } = column
  const className = isNumber ? 'number' : ''
  if (sort === undefined || sorting === undefined)
    return (
      <th class={className} scope="col">
        {name}
      </th>
    )
  const isSorted = sorting.by === sort
  const order = isSorted ? (sorting.isDescending ? 'descending' : 'ascending') : 'none'
  return (
    <th class={className} scope="col" aria-sort={order}>
      <button type="button" onClick={() => sorting.onSort(sort)}>
        {name} {isSorted ? (sorting.isDescending ? '↓' : '↑') : ''}
      </button>
    </th>
  )
}

/**
 * A button that does something on the server and says what came of it.
 * @param props.onSaid  where it is said, for a button that may be gone by then; left out: below the button
 */
export function Action(props: {
  text: string
  isMain?: boolean
  question?: string
  act: () => Promise<string>
  onSaid?: (text: string) => void
}): JSX.Element {
  const [state, setState] = useState<{ isBusy: boolean; said?: string; error?: ApiError }>({ isBusy: false })
  const run = async () => {
    if (props.question !== undefined && !window.confirm(props.question)) return
    setState({ isBusy: true })
    try {
      const said = await props.act()
      props.onSaid?.(said)
      setState(props.onSaid ? { isBusy: false } : { isBusy: false, said })
    } catch (error) {
      setState({
        isBusy: false,
        error: error instanceof ApiError ? error : new ApiError(0, String(error), ''),
      })
    }
  }
  return (
    <div>
      <button
        type="button"
        class={`button ${props.isMain ? 'main' : ''}`}
        disabled={state.isBusy}
        onClick={run}
      >
        {state.isBusy ? `${props.text}: under way…` : props.text}
      </button>
      {state.said ? (
        <p class="small" role="status">
          {state.said}
        </p>
      ) : null}
      {state.error ? <Trouble error={state.error} /> : null}
    </div>
  )
}

export function Log({ label, lines }: { label: string; lines: readonly string[] }): JSX.Element {
  if (lines.length === 0) return <Empty>Nothing was said.</Empty>
  return (
    <section class="log" aria-label={label} tabIndex={0}>
      {lines.join('\n')}
    </section>
  )
}
