import { RecsysError } from '../errors.ts'

/** What `${{ … }}` may name: `params.algo`, `tasks.load.lakeVersion`, `run.id`, `task.key`. */
export type TemplateValues = Readonly<Record<string, unknown>>

const holes = /\$\{\{\s*([\w.@-]+?)(\?)?\s*\}\}/g

/**
 * Arguments with their holes filled in. An argument with a hole that ends in `?` is left out where there is no value. Values become
 * text of one argument, whatever is in them: nothing is split and nothing is run.
 * @throws RECSYS_FLOW_INVALID for a name without a value
 */
export function fillArguments(args: readonly string[], values: TemplateValues): string[] {
  return args.flatMap((arg) => {
    let isLeftOut = false
    const filled = arg.replace(holes, (_, path: string, optional: string | undefined) => {
      const value = valueAt(values, path)
      if (value !== undefined && value !== null && typeof value !== 'object') return String(value)
      if (optional === undefined) throw withoutValue(path, arg)
      isLeftOut = true
      return ''
    })
    return isLeftOut ? [] : [filled]
  })
}

/** `${{ path }}` */
export function hole(path: string): string {
  return `\${{ ${path} }}`
}

/** The names in the holes of a text. */
export function namesIn(text: string): string[] {
  return [...text.matchAll(holes)].map(([, path]) => path!)
}

function valueAt(values: TemplateValues, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => {
    const isObject = typeof value === 'object' && value !== null
    return isObject && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined
  }, values)
}

function withoutValue(path: string, arg: string): RecsysError {
  return new RecsysError('RECSYS_FLOW_INVALID', {
    message: `\${{ ${path} }} in ${JSON.stringify(arg)} has no value`,
    remedy: 'Name a parameter of the flow, or a field of the JSON document that a task before has printed.',
  })
}
