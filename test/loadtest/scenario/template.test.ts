import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeValue, parseTemplate, TemplateError } from '../../../src/loadtest/scenario/template.ts'
import { compile, virtualUser } from './scenario-files.ts'

const anyText = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }))

test('a value in a path or a query comes back whole, whatever it is', () => {
  fc.assert(
    fc.property(anyText, (value) => {
      const encoded = encodeValue(value, 'component')
      expect(encoded).toMatch(/^[A-Za-z0-9_.!~*'()%-]*$/)
      expect(decodeURIComponent(encoded)).toBe(value.toWellFormed())
      expect(new URLSearchParams(`a=${encoded}&b=1`).get('a')).toBe(value.toWellFormed())
    }),
  )
})

test('a value in a JSON text comes back whole', () => {
  fc.assert(
    fc.property(anyText, (value) => {
      expect(JSON.parse(`{"a":"x${encodeValue(value, 'json-string')}y"}`)).toEqual({ a: `x${value}y` })
    }),
  )
})

test('a JSON value in a JSON text comes back as what it was', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(encodeValue(value, 'json-value'))).toEqual(JSON.parse(JSON.stringify(value)))
    }),
  )
})

test('no value can start a new line of a header or leave the request line', () => {
  fc.assert(
    fc.property(anyText, (value) => {
      expect(encodeValue(value, 'header')).toMatch(/^[\t\x20-\x7e]*$/)
      expect(encodeValue(value, 'target')).toMatch(/^[\x21\x22-\x7e]*$/)
      expect(encodeValue(value, 'target')).not.toMatch(/[ #"<>\\^`{|}]/)
    }),
  )
})

test('what is encoded already stays as it is when it is put in raw', () => {
  fc.assert(
    fc.property(fc.webUrl({ withQueryParameters: true }), (url) => {
      const { pathname, search } = new URL(url)
      expect(encodeValue(pathname + search, 'target')).toBe(pathname + search)
    }),
  )
})

test('text without placeholders is one literal, also with escaped ones', () => {
  fc.assert(
    fc.property(fc.oneof(anyText, fc.string({ unit: fc.constantFrom('$', '{', '}', 'a') })), (text) => {
      const escaped = text.replaceAll('${', () => '$${')
      expect(parseTemplate(escaped, 'text').join('')).toBe(text)
    }),
  )
})

test('whatever is written, parsing ends with a template or an error that has a remedy', () => {
  const fragment = fc.constantFrom(
    '${',
    '}',
    '$',
    '|',
    '.',
    'user',
    'id',
    ' ',
    'random.int(',
    '1',
    ',',
    ')',
    '%',
    'raw',
    '/',
    '\n',
  )
  fc.assert(
    fc.property(
      fc.array(fragment, { maxLength: 12 }),
      fc.constantFrom('component', 'header', 'json-string', 'text'),
      (parts, encoding) => {
        try {
          expect(Array.isArray(parseTemplate(parts.join(''), encoding))).toBe(true)
        } catch (error) {
          expect(error).toBeInstanceOf(TemplateError)
          expect((error as TemplateError).remedy).not.toBe('')
        }
      },
    ),
  )
})

test('a feed with any id in it asks for exactly that id', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 1 }), async (id) => {
      const scenario = await compile({
        'scenario.yaml': JSON.stringify({
          feeds: { user: { rows: [{ id }] } },
          tasks: [{ post: '/u/${user.id}?q=${user.id}', json: { id: '${user.id}' } }],
        }),
      })
      const { path, body } = scenario.tasks[0]!.steps[0]!.render(virtualUser())
      const [, segment, query] = /^\/u\/([^/?#]*)\?q=([^&#]*)$/.exec(path)!
      expect([segment, query].map((part) => decodeURIComponent(part!))).toEqual([id, id])
      expect(JSON.parse(body!)).toEqual({ id })
    }),
    { numRuns: 50 },
  )
})
