import { setFlagsFromString } from 'node:v8'

/**
 * Patterns that bodies of unknown servers are matched against. V8 goes over to its automaton after 50,000 steps back,
 * which takes time linear in the text, as RE2 (Cox 2010, "Regular Expression Matching in the Wild"); what that automaton
 * cannot do, back-references and look-ahead, is refused. So no body can stall the generator.
 * @throws SyntaxError saying what is wrong with the pattern
 */
export function compilePattern(pattern: string): RegExp {
  setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks')
  const compiled = new RegExp(pattern)
  requireLinear(pattern)
  return compiled
}

/** The flag `l` asks for the automaton, and is known only while V8 is told so. */
function requireLinear(pattern: string): void {
  setFlagsFromString('--enable-experimental-regexp-engine')
  try {
    new RegExp(pattern, 'l')
  } finally {
    setFlagsFromString('--no-enable-experimental-regexp-engine')
  }
}

/** The first group, or the whole match of a pattern without groups. */
export function firstGroup(pattern: RegExp, text: string): string | undefined {
  const match = pattern.exec(text)
  return match === null ? undefined : (match[1] ?? match[0])
}
