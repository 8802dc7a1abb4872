/** What k6 scripts call, by name, in the order in which they stand; each with what it calls itself. */
export const k6Functions: Readonly<Record<string, string>> = {
  text: `// A value as text.
function text(value) {
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}`,
  component: `// RFC 3986, of a path segment, a query or a form.
function component(value) {
  return encodeURIComponent(text(value))
}`,
  target: `// A piece of an address that is encoded already.
function target(value) {
  return text(value).replace(/#.*$/s, '').replace(/[^!$%&'()*+,./0-9:;=?@A-Z[\\]_a-z~-]+/g, encodeURIComponent)
}`,
  below_root: `// The path of an address that may be absolute.
function below_root(address) {
  const path = address.replace(/^[A-Za-z][\\w+.-]*:\\/\\/[^/?]*/, '')
  return path.startsWith('/') ? path : '/' + path
}`,
  header_text: `function header_text(value) {
  return text(value).replace(/[^\\t\\x20-\\x7e]+/g, encodeURIComponent)
}`,
  json_value: `function json_value(value) {
  return JSON.stringify(value === undefined ? null : value)
}`,
  json_text: `function json_text(value) {
  return JSON.stringify(text(value)).slice(1, -1)
}`,
  number: `function number(value) {
  return Number(value)
}`,
  random_int: `function random_int(min, max) {
  return min + Math.floor(Math.random() * (max - min + 1))
}`,
  random_uuid: `function random_uuid() {
  return 'xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx'.replace(/[xy]/g, (letter) =>
    (letter === 'x' ? random_int(0, 15) : random_int(8, 11)).toString(16))
}`,
  time_ms: `function time_ms() {
  return Date.now()
}`,
  user_index: `function user_index() {
  return Math.max(exec.vu.idInTest - 1, 0)
}`,
  body_of: `function body_of(r) {
  return r.body === null ? '' : r.body
}`,
  json_of: `function json_of(r) {
  try {
    return JSON.parse(r.body)
  } catch {
    return undefined
  }
}`,
  header_of: `function header_of(r, name) {
  const found = Object.keys(r.headers).find((key) => key.toLowerCase() === name)
  return found === undefined ? undefined : r.headers[found]
}`,
  at: `// The value at a path of names and indices.
function at(root, path) {
  let value = root
  for (const key of path) {
    if (typeof key === 'number') {
      if (!Array.isArray(value)) return undefined
      value = value[key < 0 ? value.length + key : key]
    } else {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
      if (!Object.prototype.hasOwnProperty.call(value, key)) return undefined
      value = value[key]
    }
  }
  return value
}`,
  exists: `function exists(value) {
  return value !== undefined
}`,
  is_missing: `function is_missing(value) {
  return value === undefined
}`,
  equals: `function equals(value, expected) {
  return value === expected || (typeof value === 'string' && typeof expected === 'number' && value === String(expected))
}`,
  equals_text: `function equals_text(value, expected) {
  return value !== undefined && text(value) === expected
}`,
  contains: `function contains(value, part) {
  return value !== undefined && text(value).includes(part)
}`,
  matches: `function matches(value, pattern) {
  return value !== undefined && new RegExp(pattern).test(text(value))
}`,
  first_group: `function first_group(value, pattern) {
  const match = value === undefined ? null : new RegExp(pattern).exec(text(value))
  if (match === null) return undefined
  return match[1] === undefined ? match[0] : match[1]
}`,
  zipf: `// Ranks from 0 by Zipf's law: rejection-inversion (Hörmann and Derflinger 1996).
function zipf(n, exponent) {
  const integral = (x) => {
    const power = (1 - exponent) * Math.log(x)
    return Math.log(x) * (Math.abs(power) > 1e-8 ? Math.expm1(power) / power : 1 + power / 2)
  }
  const inverse = (y) => {
    const t = Math.max(y * (1 - exponent), -1)
    return Math.exp(y * (Math.abs(t) > 1e-8 ? Math.log1p(t) / t : 1 - t / 2))
  }
  const [first, last] = [integral(1.5) - 1, integral(n + 0.5)]
  const shortcut = 2 - inverse(integral(2.5) - Math.pow(2, -exponent))
  for (;;) {
    const u = last + Math.random() * (first - last)
    const x = inverse(u)
    const rank = Math.min(Math.max(Math.floor(x + 0.5), 1), n)
    if (rank - x <= shortcut || u >= integral(rank + 0.5) - Math.pow(rank, -exponent)) return rank - 1
  }
}`,
}
