/**
 * Expressions over what is known of the items, such as `price < 20 and (genre = "comedy" or not brand in ("A", "B"))`:
 *
 *     expression  = term { "or" term }
 *     term        = factor { "and" factor }
 *     factor      = "not" factor | "(" expression ")" | comparison
 *     comparison  = field ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) literal
 *                 | field [ "not" ] "in" "(" literal { "," literal } ")"
 *                 | field "contains" text
 *                 | field "exists"
 *     literal     = number | text in single or double quotes | "true" | "false"
 *     field       = letters, digits, "_", "-" and "." | anything in backquotes
 *
 * They are parsed into a tree that is walked, and never become code. Words are the same in small and capital letters.
 */
export type Expression =
  | { readonly type: 'and' | 'or'; readonly parts: readonly Expression[] }
  | { readonly type: 'not'; readonly part: Expression }
  | {
      readonly type: 'compare'
      readonly field: string
      readonly operator: Operator
      readonly literal: Literal
    }
  | { readonly type: 'in'; readonly field: string; readonly literals: readonly Literal[] }
  | { readonly type: 'contains'; readonly field: string; readonly text: string }
  | { readonly type: 'exists'; readonly field: string }

export type Literal = string | number
export type Operator = '=' | '!=' | '<' | '<=' | '>' | '>='

export const maxExpressionLength = 1000
const maxDepth = 20

/** What is wrong with an expression, and where. */
export class ExpressionError extends Error {
  /** @param at  characters before the place */
  constructor(problem: string, at: number) {
    super(`${problem} at character ${at + 1}`)
  }
}

/** @throws ExpressionError */
export function parseExpression(text: string): Expression {
  if (text.length > maxExpressionLength) {
    throw new ExpressionError(`is longer than ${maxExpressionLength} characters`, maxExpressionLength)
  }
  return new Parser(text).parse()
}

/** The fields that an expression asks for, each once. */
export function fieldsOf(expression: Expression): Set<string> {
  switch (expression.type) {
    case 'and':
    case 'or':
      return new Set(expression.parts.flatMap((part) => [...fieldsOf(part)]))
    case 'not':
      return fieldsOf(expression.part)
    default:
      return new Set([expression.field])
  }
}

interface Token {
  readonly type: 'word' | 'field' | 'number' | 'text' | 'operator' | 'mark' | 'end'
  readonly text: string
  readonly at: number
}

const patterns: readonly (readonly [Token['type'], RegExp])[] = [
  ['number', /-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?(?![\w.-])/iy],
  ['word', /[\p{L}_][\p{L}\p{N}_.-]*/uy],
  ['field', /`[^`]+`/y],
  ['text', /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/y],
  ['operator', /[<>!]=|[<>=]/y],
  ['mark', /[(),]/y],
]

class Parser {
  readonly #tokens: readonly Token[]
  #next = 0
  #depth = 0

  constructor(text: string) {
    this.#tokens = tokensOf(text)
  }

  parse(): Expression {
    const expression = this.#either()
    if (this.#peek().type !== 'end') throw this.#unexpected('"and", "or" or the end')
    return expression
  }

  #either(): Expression {
    return this.#joined('or', () => this.#joined('and', () => this.#factor()))
  }

  #joined(type: 'and' | 'or', parse: () => Expression): Expression {
    const parts = [parse()]
    while (this.#takeWord(type)) parts.push(parse())
    return parts.length === 1 ? parts[0]! : { type, parts }
  }

  #factor(): Expression {
    if (++this.#depth > maxDepth) {
      throw new ExpressionError(`is nested more than ${maxDepth} deep`, this.#peek().at)
    }
    const factor = this.#takeWord('not')
      ? ({ type: 'not', part: this.#factor() } as const)
      : this.#plainFactor()
    this.#depth--
    return factor
  }

  #plainFactor(): Expression {
    if (!this.#takeMark('(')) return this.#comparison()
    const inner = this.#either()
    if (!this.#takeMark(')')) throw this.#unexpected('")"')
    return inner
  }

  #comparison(): Expression {
    const token = this.#peek()
    if (token.type !== 'word' && token.type !== 'field') throw this.#unexpected('the name of a field')
    this.#next++
    const field = token.type === 'field' ? token.text.slice(1, -1) : token.text
    if (this.#takeWord('exists')) return { type: 'exists', field }
    if (this.#takeWord('contains')) return { type: 'contains', field, text: this.#text() }
    if (this.#takeWord('in')) return { type: 'in', field, literals: this.#list() }
    if (this.#takeWord('not')) {
      if (!this.#takeWord('in')) throw this.#unexpected('"in"')
      return { type: 'not', part: { type: 'in', field, literals: this.#list() } }
    }
    const operator = this.#peek()
    if (operator.type !== 'operator') {
      throw this.#unexpected('one of = != < <= > >= in, not in, contains, exists')
    }
    this.#next++
    return { type: 'compare', field, operator: operator.text as Operator, literal: this.#literal() }
  }

  #list(): Literal[] {
    if (!this.#takeMark('(')) throw this.#unexpected('"("')
    const literals = [this.#literal()]
    while (this.#takeMark(',')) literals.push(this.#literal())
    if (!this.#takeMark(')')) throw this.#unexpected('"," or ")"')
    return literals
  }

  #literal(): Literal {
    const token = this.#peek()
    if (token.type === 'number') {
      this.#next++
      return Number(token.text)
    }
    if (this.#takeWord('true')) return 'true'
    if (this.#takeWord('false')) return 'false'
    return this.#text('a number or a text in quotes')
  }

  #text(expected = 'a text in quotes'): string {
    const token = this.#peek()
    if (token.type !== 'text') throw this.#unexpected(expected)
    this.#next++
    return token.text.slice(1, -1).replaceAll(/\\(.)/gs, '$1')
  }

  #peek(): Token {
    return this.#tokens[this.#next]!
  }

  #takeWord(word: string): boolean {
    const { type, text } = this.#peek()
    return type === 'word' && text.toLowerCase() === word && this.#advance()
  }

  #takeMark(mark: string): boolean {
    const { type, text } = this.#peek()
    return type === 'mark' && text === mark && this.#advance()
  }

  #advance(): true {
    this.#next++
    return true
  }

  #unexpected(expected: string): ExpressionError {
    const { type, text, at } = this.#peek()
    const got = type === 'end' ? 'the end' : JSON.stringify(text.slice(0, 40))
    return new ExpressionError(`has ${got}, expected ${expected},`, at)
  }
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  for (;;) {
    while (at < text.length && /\s/.test(text[at]!)) at++
    if (at === text.length) return [...tokens, { type: 'end', text: '', at }]
    const token = tokenAt(text, at)
    tokens.push(token)
    at += token.text.length
  }
}

function tokenAt(text: string, at: number): Token {
  for (const [type, pattern] of patterns) {
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (match) return { type, text: match[0], at }
  }
  const character = String.fromCodePoint(text.codePointAt(at)!)
  const isQuote = character === '"' || character === "'" || character === '`'
  throw new ExpressionError(
    isQuote ? `has a ${character} that is not closed` : `has a stray ${character}`,
    at,
  )
}
