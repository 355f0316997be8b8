import { test } from 'tap'
import { z } from 'zod'
import { idSchema, optionalIdSchema, parse, wholeNumber } from '#server/input.ts'

const ID = 'ybndrfg8ejkmcpqxot1uwisza3'

test('what is right is passed on, without what nobody asked for', async (t) => {
  const schema = z.object({ channel_id: idSchema(), message: z.string() })

  t.strictSame(parse('body', schema, { channel_id: ID, message: 'hello', evil: true }), {
    channel_id: ID,
    message: 'hello',
  })
})

test('a refusal names the field, what was found, and what is wanted, and quotes nothing', async (t) => {
  const schema = z.object({
    id: idSchema(),
    text: z.string().max(5),
    list: z.array(z.string()).min(1),
    word: z.enum(['a', 'b']),
  })
  const good = { id: ID, text: 'abc', list: ['a'], word: 'a' }
  const cases = [
    [{ ...good, id: 'secret' }, 'id', 'text of 6 characters', 'an id of 26 characters'],
    [{ ...good, text: 5 }, 'text', 'the number 5', 'string'],
    [{ ...good, text: 'secret' }, 'text', 'text of 6 characters', 'at most 5 characters'],
    [{ ...good, text: undefined }, 'text', 'nothing', 'string'],
    [{ ...good, list: [] }, 'list', 'a list of 0', 'at least 1 items'],
    [{ ...good, list: ['a', null] }, 'list.1', 'null', 'string'],
    [{ ...good, word: true }, 'word', 'true', 'one of a, b'],
    [{ ...good, word: {} }, 'word', 'an object', 'one of a, b'],
    [undefined, 'body', 'nothing', 'object'],
    [[], 'body', 'a list of 0', 'object'],
  ] as const
  for (const [value, field, found, wanted] of cases) {
    t.throws(() => parse('body', schema, value), {
      code: 'INPUT_INVALID',
      facts: { where: 'body', field, found, wanted },
    })
  }
})

test('an absent id may be empty, null or left out', async (t) => {
  const schema = z.object({ root_id: optionalIdSchema() })
  for (const root of ['', null, undefined]) {
    t.equal(parse('body', schema, { root_id: root }).root_id, undefined)
  }
  t.equal(parse('body', schema, { root_id: ID }).root_id, ID)
  t.throws(() => parse('body', schema, { root_id: 'x' }), {
    code: 'INPUT_INVALID',
    facts: { field: 'root_id' },
  })
})

test('numbers of a query come as text', async (t) => {
  const schema = z.object({ page: wholeNumber(7) })

  t.strictSame(parse('query', schema, { page: '-1' }), { page: -1 })
  t.strictSame(parse('query', schema, {}), { page: 7 })
  t.throws(() => parse('query', schema, { page: '1.5' }), {
    code: 'INPUT_INVALID',
    facts: { field: 'page' },
  })
  t.throws(() => parse('query', schema, { page: 'many' }), {
    code: 'INPUT_INVALID',
    facts: { field: 'page' },
  })
  t.throws(() => parse('query', schema, { page: '1e300' }), {
    code: 'INPUT_INVALID',
    facts: { field: 'page' },
  })
})

test('a body that names the prototype changes nothing', async (t) => {
  const schema = z.object({ message: z.string(), props: z.object({}).nullish() })
  const value: unknown = JSON.parse(
    '{"message":"x","__proto__":{"bad":1},"props":{"__proto__":{"bad":1}}}',
  )
  const parsed = parse('body', schema, value)

  t.notOk('bad' in parsed)
  t.notOk('bad' in {})
})
