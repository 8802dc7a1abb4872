import type { RowDrawer } from './held-rows.ts'
import { randomUuid } from './random-uuid.ts'
import { encodeValue, type Placeholder, type Template } from './template.ts'
import type { UserState } from './types.ts'

export type Rendering = (user: UserState) => string

/** A template as a function of who asks. */
export function compileTemplate(template: Template, rows: RowDrawer): Rendering {
  const renderings = template.map((piece): Rendering => {
    if (typeof piece === 'string') return () => piece
    const value = compilePlaceholder(piece.placeholder, rows)
    const { encoding } = piece
    return (user) => encodeValue(value(user), encoding)
  })
  const [first, second] = renderings
  if (first === undefined) return () => ''
  if (second === undefined) return first
  return (user) => {
    let text = ''
    for (const rendering of renderings) text += rendering(user)
    return text
  }
}

function compilePlaceholder({ source, filter }: Placeholder, rows: RowDrawer): (user: UserState) => unknown {
  const value = compileSource(source, rows)
  return filter === 'number' ? (user) => Number(value(user)) : value
}

function compileSource(source: Placeholder['source'], rows: RowDrawer): (user: UserState) => unknown {
  switch (source.kind) {
    case 'feed':
      return rows.cell(source.feed, source.column)
    case 'carried':
      return (user) => user.values[source.name]
    case 'random-int': {
      const { min, max } = source
      return (user) => min + Math.floor(user.random() * (max - min + 1))
    }
    case 'random-uuid':
      return (user) => randomUuid(user.random)
    case 'time-ms':
      return () => Date.now()
    case 'user-index':
      return (user) => user.index
  }
}
