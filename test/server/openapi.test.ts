import { test } from 'tap'
import { z } from 'zod'
import { idSchema } from '#server/input.ts'
import { openApiOf } from '#server/openapi.ts'
import { openRoute, route } from '#server/route.ts'

const ROUTES = [route('POST', '/a/:one/b', () => ''), openRoute('GET', '/a/:one/b', () => '')]

test('an address of which nothing is said stands there, with who may ask', (t) => {
  const { paths } = openApiOf(ROUTES, {}, '1')

  t.strictSame(Object.keys(paths), ['/a/{one}/b'])
  const { get, post } = paths['/a/{one}/b'] ?? {}
  t.match(get, { summary: '/a/:one/b', security: [] })
  t.match(post, { security: [{ session: [] }], parameters: [{ name: 'one', in: 'path' }] })
  t.notOk(post?.requestBody)
  t.end()
})

test('what is sent is described as a client has to send it, not as it is read', (t) => {
  const query = z.object({
    deed: z
      .string()
      .transform((text) => text.split(','))
      .optional(),
    node: idSchema(),
  })
  const body = z.preprocess((value) => value ?? {}, z.object({ count: z.int().default(1) }))
  const words = { 'POST /a/:one/b': { summary: 'Does.', query, body, status: 201 } }

  t.match(openApiOf(ROUTES, words, '1').paths['/a/{one}/b']?.post, {
    parameters: [
      { name: 'one' },
      { name: 'deed', required: false, schema: { type: 'string' } },
      { name: 'node', required: true, schema: { type: 'string', maxLength: 26 } },
    ],
    requestBody: {
      content: { 'application/json': { schema: { properties: { count: { default: 1 } } } } },
    },
    responses: { 201: { description: 'Done.' } },
  })
  t.end()
})
